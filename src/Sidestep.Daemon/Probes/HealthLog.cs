using Sidestep.Control.Health;

namespace Sidestep.Daemon.Probes;

/// <summary>Logs servers that are marked up or down. Of many changes in one interval it logs the first, and the number
/// of the others. Safe for threads.</summary>
internal sealed class HealthLog(ILogger log)
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
            log.MarkedUp(server);
        else
            log.MarkedDown(server, change.Reason);
    }

    /// <summary>Ends an interval: logs how many changes were not logged one by one.</summary>
    internal void EndInterval()
    {
        lock (_gate)
        {
            if (_lines > MaxLines)
                log.MoreMarked(_lines - MaxLines);
            _lines = 0;
        }
    }
}
