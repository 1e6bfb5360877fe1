using System.Runtime.InteropServices;

namespace Sidestep.Benchmarks.Veth;

/// <summary>Ctrl-C and SIGTERM end the process, after what it has made is taken away.</summary>
internal sealed class CleanupOnSignal(Testbed testbed) : IDisposable
{
    private readonly PosixSignalRegistration[] _signals =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, _ => testbed.Dispose())),
    ];

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
    }
}
