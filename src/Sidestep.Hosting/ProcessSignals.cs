using System.Runtime.InteropServices;

namespace Sidestep.Hosting;

/// <summary>The signals of a service: SIGTERM and SIGINT stop it, SIGHUP reloads it.</summary>
/// <remarks>Create it before anything else, so that a signal during the start ends the program in order, and does not
/// kill it.</remarks>
public sealed class ProcessSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile string? _name;

    /// <summary>Takes the signals over from the runtime.</summary>
    public ProcessSignals() => _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload),
        ];

    /// <summary>SIGHUP has arrived. Raised on a thread of the pool. Without a handler, the signal is ignored.</summary>
    public event Action? ReloadRequested;

    /// <summary>Cancelled by the first SIGTERM or SIGINT.</summary>
    public CancellationToken StopRequested => _stop.Token;

    /// <summary>The signal that stops the service, such as <c>SIGTERM</c>; null: none yet.</summary>
    public string? StopSignal => _name;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The registrations go before what they cancel.
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    /// <summary>What SIGTERM and SIGINT do.</summary>
    /// <param name="signal">The name of the signal.</param>
    internal void RequestStop(string signal)
    {
        _name ??= signal;
        _stop.Cancel();
    }

    /// <summary>What SIGHUP does.</summary>
    internal void RequestReload() => ReloadRequested?.Invoke();

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        RequestStop(context.Signal.ToString());
    }

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        RequestReload();
    }
}
