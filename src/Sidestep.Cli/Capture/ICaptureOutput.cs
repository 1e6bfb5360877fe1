using Sidestep.Forwarding.Capture;

namespace Sidestep.Cli.Capture;

/// <summary>Where captured frames go.</summary>
public interface ICaptureOutput : IDisposable
{
    /// <summary>Takes one.</summary>
    void Write(CapturedFrame frame);

    /// <summary>What was taken so far can be read by others from now on.</summary>
    void Flush();
}
