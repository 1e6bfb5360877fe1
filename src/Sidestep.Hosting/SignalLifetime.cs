using Microsoft.Extensions.Hosting;
using Sidestep.Hosting.Systemd;

namespace Sidestep.Hosting;

/// <summary>Stops the host when a signal asks for it, and tells the service manager that it stops.</summary>
internal sealed class SignalLifetime(ProcessSignals signals, IHostApplicationLifetime lifetime,
    ServiceNotifier notifier) : IHostLifetime, IDisposable
{
    private CancellationTokenRegistration _stop, _stopping;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _stop = signals.StopRequested.Register(lifetime.StopApplication);
        _stopping = lifetime.ApplicationStopping.Register(notifier.Stopping);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stop.Dispose();
        _stopping.Dispose();
    }
}
