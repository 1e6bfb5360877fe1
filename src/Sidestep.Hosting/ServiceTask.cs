using Microsoft.Extensions.Hosting;
using Sidestep.Hosting.Supervision;

namespace Sidestep.Hosting;

/// <summary>One loop of a service, from the start of the host to its end, under a <see cref="Supervisor"/>.</summary>
/// <param name="name">Name of the loop in log and status.</param>
/// <param name="run">The loop; ends when its token is cancelled.</param>
/// <param name="supervisor">Starts it again after a failure.</param>
public sealed class ServiceTask(string name, Func<CancellationToken, Task> run, Supervisor supervisor)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        supervisor.RunAsync(name, run, stoppingToken);
}
