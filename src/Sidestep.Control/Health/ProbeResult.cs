namespace Sidestep.Control.Health;

/// <summary>What came of one probe.</summary>
/// <param name="Kind">Good or not.</param>
/// <param name="Reason">Why not; empty when it was good.</param>
public readonly record struct ProbeResult(ProbeResultKind Kind, string Reason = "")
{
    /// <summary>Longest reason that is kept: it comes from servers and commands.</summary>
    private const int MaxReasonCharacters = 300;

    /// <summary>The server answered as it should.</summary>
    public static ProbeResult Success => new(ProbeResultKind.Success);

    /// <summary>It did not.</summary>
    public static ProbeResult Failure(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new(ProbeResultKind.Failure, reason.Length > MaxReasonCharacters ? reason[..MaxReasonCharacters] : reason);
    }

    /// <summary>This director could not even ask, which says nothing of the server.</summary>
    public static ProbeResult NotSent(string reason) => new(ProbeResultKind.NotSent, reason);

    /// <summary>There is nothing to ask: the server is the director itself.</summary>
    public static ProbeResult Exempt(string reason) => new(ProbeResultKind.Exempt, reason);
}

/// <summary>Kinds of outcomes.</summary>
public enum ProbeResultKind
{
    /// <summary>As it should be.</summary>
    Success,

    /// <summary>No answer, or a wrong one.</summary>
    Failure,

    /// <summary>The verdict stays as it is.</summary>
    NotSent,

    /// <summary>Counts as up.</summary>
    Exempt,
}
