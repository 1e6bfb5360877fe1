namespace Sidestep.Forwarding;

/// <summary>Runs frames of a capture, one after the other, and tells what was decided about each.</summary>
public interface IReplayEngine : IDisposable
{
    /// <summary>The engine.</summary>
    IEngine Engine { get; }

    /// <summary>Runs one.</summary>
    /// <param name="frame">From the Ethernet header on, at least 14 bytes.</param>
    /// <param name="interfaceIndex">The interface that it came in by.</param>
    /// <param name="time">Nanoseconds from any beginning; who keeps its own time passes over it.</param>
    /// <returns>Good until the next call.</returns>
    /// <exception cref="EngineException">The frame is longer than the engine can take.</exception>
    ReplayedFrame Run(ReadOnlySpan<byte> frame, int interfaceIndex, long time);
}

/// <summary>What became of a frame.</summary>
public readonly ref struct ReplayedFrame
{
    /// <summary>What was decided.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Why it was dropped; without meaning unless it was.</summary>
    public DropReason Reason { get; init; }

    /// <summary>Name of the service that takes it; null: none does, or it was not looked for.</summary>
    public string? Service { get; init; }

    /// <summary>The real server; null: none was chosen.</summary>
    public ServerKey? Server { get; init; }

    /// <summary>Number of the slot; -1: none was asked, or the engine does not tell.</summary>
    public required int Slot { get; init; }

    /// <summary>Index of the interface that it leaves by.</summary>
    public int Egress { get; init; }

    /// <summary>The frame as it goes out; as it came in if it does not.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Whether it goes out.</summary>
    public bool IsSent => Decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted);
}
