using System.Runtime.InteropServices;

namespace Sidestep.Lab;

/// <summary>Turns SIGINT, SIGTERM and SIGHUP into a cancellation, so that the lab removes what it created before it
/// ends.</summary>
internal sealed class ShutdownSignal : IDisposable
{
    /// <summary>The exit code that shells report for a program that Ctrl-C ended: 128 + SIGINT.</summary>
    public const int ExitCode = 130;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;

    public ShutdownSignal()
    {
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _signals = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _source.Cancel();
        }))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _source.Dispose();
    }
}
