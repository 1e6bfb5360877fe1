using Microsoft.Extensions.Hosting;

namespace Sidestep.Hosting;

/// <summary>One task of a service. When it ends before it is cancelled, or fails, the service stops: without one of its
/// tasks it would look complete.</summary>
/// <param name="run">The task; ends when its token is cancelled.</param>
/// <param name="lifetime">Stops the service.</param>
public sealed class ServiceTask(Func<CancellationToken, Task> run, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the normal end
        }
        finally
        {
            if (!stoppingToken.IsCancellationRequested)
                lifetime.StopApplication();
        }
    }
}
