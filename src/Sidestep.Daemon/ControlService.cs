using Microsoft.Extensions.Hosting;
using Sidestep.Control;
using Sidestep.Hosting.Systemd;

namespace Sidestep.Daemon;

/// <summary>The start of forwarding: applies the first configuration, and then tells the service manager that the
/// director is ready. Everything that starts after it finds tables in force.</summary>
/// <param name="loop">The control loop; it does not run yet.</param>
/// <param name="forwarding">Called once the first tables are in force.</param>
/// <param name="notifier">Tells the service manager.</param>
internal sealed class ControlService(ControlLoop loop, Action forwarding, ServiceNotifier notifier) : IHostedService
{
    internal const string ReadyText = "forwarding";

    /// <exception cref="Forwarding.EngineException">The first configuration cannot be applied.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A daemon that is stopped while it starts ends before it has applied anything.
        cancellationToken.ThrowIfCancellationRequested();
        loop.Start();
        forwarding();
        notifier.Ready(ReadyText);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
