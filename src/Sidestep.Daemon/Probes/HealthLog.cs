using System.Globalization;
using Sidestep.Control.Health;

namespace Sidestep.Daemon.Probes;

/// <summary>Logs servers that are marked up or down. Of many changes in one interval it logs the first, and the number
/// of the others. Safe for threads.</summary>
internal sealed class HealthLog(Log log)
{
    /// <summary>Most changes of one interval that are logged one by one.</summary>
    internal const int MaxLines = 20;

    private readonly Lock _gate = new();
    private int _lines;

    /// <summary>Logs a change, unless the interval has had too many.</summary>
    internal void Add(HealthChange change)
    {
        lock (_gate)
        {
            if (++_lines > MaxLines)
                return;
        }
        var server = $"{change.Server.Name} ({change.Server.Address}) of {change.Group}";
        if (change.IsHealthy)
            log.Info($"{server}: marked up");
        else
            log.Warning($"{server}: marked down: {change.Reason}");
    }

    /// <summary>Ends an interval: logs how many changes were not logged one by one.</summary>
    internal void EndInterval()
    {
        lock (_gate)
        {
            if (_lines > MaxLines)
            {
                var more = (_lines - MaxLines).ToString(CultureInfo.InvariantCulture);
                log.Warning($"{more} more servers were marked up or down: sidestep status lists all");
            }
            _lines = 0;
        }
    }
}
