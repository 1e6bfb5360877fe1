using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Sidestep.Hosting.Logging;
using Sidestep.Hosting.Supervision;
using Sidestep.Hosting.Systemd;

namespace Sidestep.Hosting;

/// <summary>The generic host of a Sidestep service (director daemon, agent).</summary>
/// <remarks>It reads no appsettings.json, no environment variables and no command line, and watches no file: a service
/// has one configuration file, and reads it itself. This also makes the start short.</remarks>
public static class ServiceHost
{
    /// <summary>How long the tasks of a service may take to stop. A change of large tables is completed
    /// first.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(90);

    /// <summary>A builder with logging, signals, and notifications for the service manager; without
    /// configuration.</summary>
    /// <param name="log">The log. It outlives the host.</param>
    /// <param name="signals">The signals. They outlive the host.</param>
    public static HostApplicationBuilder CreateBuilder(ServiceLog log, ProcessSignals signals)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var services = builder.Services;
        services.AddSingleton<ILoggerFactory>(log.Factory);
        services.AddSingleton(signals);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<ServiceNotifier>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.Configure<HostOptions>(static options =>
        {
            options.ShutdownTimeout = StopTimeout;
            options.ServicesStopConcurrently = true;
            options.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        return builder;
    }

    /// <summary>Adds one loop of the service (<see cref="ServiceTask"/>). Loops start in the order in which they are
    /// added, after everything that starts before them has started.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="supervisor">Starts the loop again after a failure.</param>
    /// <param name="name">Name of the loop in log and status.</param>
    /// <param name="run">The loop; ends when its token is cancelled.</param>
    public static void AddTask(this IServiceCollection services, Supervisor supervisor, string name,
        Func<IServiceProvider, CancellationToken, Task> run) =>
        services.AddSingleton<IHostedService>(provider =>
            new ServiceTask(name, cancellation => run(provider, cancellation), supervisor));

    /// <summary>Adds the watchdog of systemd (<see cref="Watchdog"/>), if the unit asks for it.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="isAlive">True if the service has made progress since the previous call.</param>
    public static void AddWatchdog(this IServiceCollection services, Func<bool> isAlive)
    {
        if (Watchdog.ReadInterval(Environment.GetEnvironmentVariable, Environment.ProcessId) is not { } interval)
            return;
        services.AddSingleton<IHostedService>(provider => new Watchdog(
            provider.GetRequiredService<ServiceNotifier>(), interval, isAlive, TimeProvider.System));
    }

    /// <summary>Starts the host, and runs it until a signal stops it.</summary>
    /// <param name="host">The host. The caller disposes it.</param>
    /// <param name="stopRequested">A stop that was requested during the start ends the start, and is no
    /// failure.</param>
    /// <exception cref="Exception">What a hosted service threw when it started, or while it ran; unchanged.</exception>
    public static async Task RunToEndAsync(this IHost host, CancellationToken stopRequested)
    {
        ArgumentNullException.ThrowIfNull(host);
        try
        {
            await host.StartAsync(CancellationToken.None).ConfigureAwait(false);
            await host.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopRequested.IsCancellationRequested)
        {
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            // What has started stops before the failure is reported.
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        if (Failure(host.Services) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>The first failure of a background service; null: none failed. Ask after the host has stopped: the host
    /// stops when one of them fails, and does not pass its exception on.</summary>
    private static Exception? Failure(IServiceProvider services) =>
        services.GetServices<IHostedService>().OfType<BackgroundService>()
            .Select(static s => s.ExecuteTask).FirstOrDefault(static t => t is { IsFaulted: true })
            ?.Exception!.InnerException;
}
