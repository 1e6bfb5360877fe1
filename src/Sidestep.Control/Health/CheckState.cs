namespace Sidestep.Control.Health;

/// <summary>What is known of one check: its verdict, by rise and fall. Not safe for threads.</summary>
internal sealed class CheckState(Check check)
{
    private int _good;
    private int _bad;

    /// <summary>What is asked; its settings may change.</summary>
    internal Check Check { get; set; } = check;

    /// <summary>Up or down.</summary>
    internal Light Verdict { get; private set; } = Light.Unknown;

    /// <summary>When the verdict last changed; null before the first.</summary>
    internal DateTimeOffset? Since { get; private set; }

    /// <summary>Why the last bad probe was bad; null when there was none.</summary>
    internal string? Error { get; private set; }

    /// <summary>When that was.</summary>
    internal DateTimeOffset? ErrorAt { get; private set; }

    /// <summary>Takes in what came of a probe.</summary>
    /// <param name="outcome">What came of it.</param>
    /// <param name="rise">Good probes in a row that bring it up.</param>
    /// <param name="now">The time.</param>
    /// <returns>True when the verdict changed.</returns>
    internal bool Take(ProbeOutcome outcome, int rise, DateTimeOffset now)
    {
        if (outcome.Kind is OutcomeKind.Bad or OutcomeKind.NotAsked)
            (Error, ErrorAt) = (outcome.Reason, now);
        switch (outcome.Kind)
        {
            case OutcomeKind.Good:
                (_good, _bad) = (_good + 1, 0);
                return Verdict != Light.Up && _good >= rise && Become(Light.Up, now);
            case OutcomeKind.Bad:
                (_good, _bad) = (0, _bad + 1);
                return Verdict != Light.Down && _bad >= Check.Monitor.Fall && Become(Light.Down, now);
            case OutcomeKind.Exempt:
                return Verdict != Light.Up && Become(Light.Up, now);
            default:
                return false;
        }
    }

    private bool Become(Light verdict, DateTimeOffset now)
    {
        (Verdict, Since) = (verdict, now);
        return true;
    }
}

/// <summary>What is known of a way to a server.</summary>
public enum Light
{
    /// <summary>Nobody looks.</summary>
    None,

    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>It works.</summary>
    Up,

    /// <summary>It does not.</summary>
    Down,
}
