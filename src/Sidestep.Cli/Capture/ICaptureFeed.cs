using Sidestep.Api.Captures;
using Sidestep.Forwarding;

namespace Sidestep.Cli.Capture;

/// <summary>Frames of a running capture; disposing it ends the capture.</summary>
public interface ICaptureFeed : IDisposable
{
    /// <summary>True: this process captures through the pinned maps, because no daemon listens.</summary>
    bool IsPinned { get; }

    /// <summary>Frames that were not recorded so far.</summary>
    CaptureLoss Loss { get; }

    /// <summary>Waits for frames and passes them to <paramref name="handle"/>.</summary>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="handle">Receives each frame. Its exceptions are passed on.</param>
    /// <exception cref="EngineException">The capture has ended.</exception>
    void Poll(TimeSpan timeout, Action<FrameRecord> handle);

    /// <summary>Receives what the capture has recorded until now and has not delivered yet, at the end.</summary>
    /// <param name="handle">Receives each frame. Its exceptions are passed on.</param>
    /// <exception cref="EngineException">The capture has ended.</exception>
    void Drain(Action<FrameRecord> handle);
}
