using System.Runtime.InteropServices;

namespace Sidestep.Benchmarks.Veth;

/// <summary>On Ctrl-C and SIGTERM, cleans up and ends the process.</summary>
internal sealed class CleanupOnSignal(Testbed testbed) : IDisposable
{
    private readonly PosixSignalRegistration[] _signals =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s =>
            PosixSignalRegistration.Create(s, _ => testbed.Dispose())),
    ];

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
    }
}
