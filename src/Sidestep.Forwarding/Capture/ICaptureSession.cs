namespace Sidestep.Forwarding.Capture;

/// <summary>A capture that runs until it is disposed.</summary>
public interface ICaptureSession : IDisposable
{
    /// <summary>Frames that were not recorded so far.</summary>
    CaptureCounts Counts { get; }

    /// <summary>Waits for frames and passes them to <paramref name="handle"/>. Must be called more often than once a
    /// second: otherwise the capture ends.</summary>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="handle">Receives each frame. Its exceptions are passed on.</param>
    /// <exception cref="EngineException">The capture has ended.</exception>
    void Poll(TimeSpan timeout, Action<CapturedFrame> handle);
}
