using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace Sidestep.Hosting.Systemd;

/// <summary>Tells the service manager regularly that the service is alive, if its unit has
/// <c>WatchdogSec</c>.</summary>
/// <param name="notifier">Tells the service manager.</param>
/// <param name="interval">The interval of the unit; null: it has none. See <see cref="ReadInterval"/>.</param>
/// <param name="isAlive">True if the service has made progress since the previous call. Called from one thread.</param>
/// <param name="time">The clock.</param>
public sealed class Watchdog(ServiceNotifier notifier, TimeSpan? interval, Func<bool> isAlive, TimeProvider time)
    : BackgroundService
{
    /// <summary>How many times in the interval the service manager hears of the service. Two may be late.</summary>
    private const int PerInterval = 3;

    /// <summary>The interval in which the service manager expects a sign of life (sd_watchdog_enabled(3)); null: it
    /// expects none from this process.</summary>
    /// <param name="read">Reads an environment variable.</param>
    /// <param name="processId">The ID of this process.</param>
    public static TimeSpan? ReadInterval(Func<string, string?> read, int processId)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (read("WATCHDOG_PID") is { Length: > 0 } pid && pid != processId.ToString(CultureInfo.InvariantCulture))
            return null;
        return long.TryParse(read("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var micros)
            && micros is > 0 and <= int.MaxValue * 1000L ? TimeSpan.FromMicroseconds(micros) : null;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (interval is not { } expected || !notifier.IsEnabled)
            return;
        using var timer = new PeriodicTimer(expected / PerInterval, time);
        try
        {
            do
            {
                if (isAlive())
                    notifier.Alive();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }
}
