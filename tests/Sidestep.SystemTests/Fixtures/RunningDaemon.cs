namespace Sidestep.SystemTests.Fixtures;

/// <summary>A director with two servers, for all tests of a class: a start of the daemon takes two seconds of processor
/// time. Each test leaves the configuration as it was.</summary>
public sealed class RunningDaemon : IDisposable
{
    public RunningDaemon()
    {
        try
        {
            Original = Segment.File;
            Daemon = Segment.Start();
        }
        catch
        {
            Segment.Dispose();
            throw;
        }
    }

    internal Segment Segment { get; } = new();

    internal DaemonProcess Daemon { get; }

    /// <summary>The configuration that the daemon started with.</summary>
    internal DirectorConfiguration Original { get; }

    public void Dispose() => Segment.Dispose();
}
