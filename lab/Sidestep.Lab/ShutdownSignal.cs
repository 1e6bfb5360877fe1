using System.Runtime.InteropServices;

namespace Sidestep.Lab;

/// <summary>Ctrl-C and the like: instead of ending the process they cancel, so that what was made is removed first.</summary>
internal sealed class ShutdownSignal : IDisposable
{
    /// <summary>What a shell reports for a program that ended on Ctrl-C.</summary>
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
