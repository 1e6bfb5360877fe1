namespace Sidestep.Forwarding;

/// <summary>Runs the frames of a capture through an engine, one after the other. Single-threaded.</summary>
public interface IReplayEngine : IDisposable
{
    /// <summary>The engine that processes the frames; its tables and counters can be read.</summary>
    IEngine Engine { get; }

    /// <summary>Runs one frame through the engine; nothing is sent to any network.</summary>
    /// <param name="frame">The frame from the Ethernet header on, at least 14 bytes.</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    /// <param name="time">Time of the frame in nanoseconds, from any start; ignored by an engine with a clock of its
    /// own.</param>
    /// <returns>The result; valid until the next call.</returns>
    /// <exception cref="EngineException">The frame is longer than the engine can process.</exception>
    ReplayedFrame Run(ReadOnlySpan<byte> frame, int interfaceIndex, long time);
}

/// <summary>The result of a replayed frame.</summary>
public readonly ref struct ReplayedFrame
{
    /// <summary>The decision of the engine about the frame.</summary>
    public required Decision Decision { get; init; }

    /// <summary>The drop reason; meaningless unless it was dropped.</summary>
    public DropReason Reason { get; init; }

    /// <summary>Name of the service that matches; null: none does, or none was looked up.</summary>
    public string? Service { get; init; }

    /// <summary>The real server; null: none was chosen.</summary>
    public ServerKey? Server { get; init; }

    /// <summary>Index of the slot; -1: none was used, or the engine does not report it.</summary>
    public required int Slot { get; init; }

    /// <summary>Index of the egress interface.</summary>
    public int Egress { get; init; }

    /// <summary>The frame as it is sent; the received frame if none is sent.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>True if a frame is sent.</summary>
    public bool IsSent =>
        Decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted);
}
