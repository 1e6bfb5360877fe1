namespace Sidestep.Control.Health;

/// <summary>What came of one probe.</summary>
/// <param name="Kind">Good or not.</param>
/// <param name="Reason">Why not; empty when it was good.</param>
public readonly record struct ProbeOutcome(OutcomeKind Kind, string Reason = "")
{
    /// <summary>Longest reason that is kept: it comes from servers and commands.</summary>
    private const int ReasonCharacters = 300;

    /// <summary>The server answered as it should.</summary>
    public static ProbeOutcome Good => new(OutcomeKind.Good);

    /// <summary>It did not.</summary>
    public static ProbeOutcome Bad(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new(OutcomeKind.Bad, reason.Length > ReasonCharacters ? reason[..ReasonCharacters] : reason);
    }

    /// <summary>This director could not even ask, which says nothing of the server.</summary>
    public static ProbeOutcome NotAsked(string reason) => new(OutcomeKind.NotAsked, reason);

    /// <summary>There is nothing to ask: the server is the director itself.</summary>
    public static ProbeOutcome Exempt(string reason) => new(OutcomeKind.Exempt, reason);
}

/// <summary>Kinds of outcomes.</summary>
public enum OutcomeKind
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>No answer, or a wrong one.</summary>
    Bad,

    /// <summary>The verdict stays as it is.</summary>
    NotAsked,

    /// <summary>Counts as up.</summary>
    Exempt,
}
