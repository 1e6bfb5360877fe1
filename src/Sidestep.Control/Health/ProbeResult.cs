namespace Sidestep.Control.Health;

/// <summary>The result of one probe of a health monitor.</summary>
/// <param name="Kind">The kind of result.</param>
/// <param name="Reason">Why the probe did not succeed; empty when it did.</param>
/// <param name="Responds">True: the application answered from the address that was probed, although not as expected: it
/// accepted the connection, or replied. False with <see cref="ProbeResultKind.Success"/>, which implies it.</param>
public readonly record struct ProbeResult(ProbeResultKind Kind, string Reason = "", bool Responds = false)
{
    /// <summary>Longer reasons are cut: servers and commands write them.</summary>
    private const int MaxReasonCharacters = 300;

    /// <summary>The server replied as expected.</summary>
    public static ProbeResult Success => new(ProbeResultKind.Success);

    /// <summary>The application did not answer: there was no reply, or the server refused.</summary>
    /// <param name="reason">Only the first 300 characters are used.</param>
    public static ProbeResult Failure(string reason) => new(ProbeResultKind.Failure, Shortened(reason));

    /// <summary>The application answered, but not as expected.</summary>
    /// <param name="reason">Only the first 300 characters are used.</param>
    public static ProbeResult WrongAnswer(string reason) =>
        new(ProbeResultKind.Failure, Shortened(reason), Responds: true);

    /// <summary>The director could not send the probe, which proves nothing about the server.</summary>
    public static ProbeResult NotSent(string reason) => new(ProbeResultKind.NotSent, reason);

    /// <summary>No probe is possible, and none is needed: the server is the director itself.</summary>
    public static ProbeResult Exempt(string reason) => new(ProbeResultKind.Exempt, reason);

    private static string Shortened(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return reason.Length > MaxReasonCharacters ? reason[..MaxReasonCharacters] : reason;
    }
}

/// <summary>The kinds of results, by their effect on the status of the check.</summary>
public enum ProbeResultKind
{
    /// <summary>The expected reply arrived: counts for rise.</summary>
    Success,

    /// <summary>No reply, or a wrong one: counts for fall.</summary>
    Failure,

    /// <summary>The status of the check does not change.</summary>
    NotSent,

    /// <summary>No probe is needed: the check is up at once.</summary>
    Exempt,
}
