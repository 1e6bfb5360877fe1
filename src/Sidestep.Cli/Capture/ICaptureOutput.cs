using Sidestep.Api.Captures;

namespace Sidestep.Cli.Capture;

/// <summary>A sink of captured frames.</summary>
public interface ICaptureOutput : IDisposable
{
    /// <summary>Writes a frame.</summary>
    void Write(FrameRecord frame);

    /// <summary>Makes all frames so far visible to other processes.</summary>
    void Flush();
}
