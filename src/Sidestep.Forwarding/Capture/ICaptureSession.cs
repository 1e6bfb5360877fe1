namespace Sidestep.Forwarding.Capture;

/// <summary>A capture that runs until it is disposed of.</summary>
public interface ICaptureSession : IDisposable
{
    /// <summary>What was not recorded so far.</summary>
    CaptureCounts Counts { get; }

    /// <summary>Waits for frames and hands them over; to be called more often than once a second.</summary>
    /// <param name="timeout">At most this long.</param>
    /// <param name="handle">Takes one. What it throws, this throws.</param>
    /// <exception cref="EngineException">The capture has ended.</exception>
    void Poll(TimeSpan timeout, Action<CapturedFrame> handle);
}
