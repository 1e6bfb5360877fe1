using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>Writes the health report: at every call when a server changed, otherwise every five seconds, because the
/// report of many servers is large. Not safe for threads.</summary>
/// <param name="servers">Reads the state of all servers if it changed since the last call; otherwise null.</param>
/// <param name="figures">Reads the figures of the probes.</param>
/// <param name="write">Writes the report; may throw <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>.</param>
/// <param name="log">Receives failures.</param>
/// <param name="time">The clock.</param>
internal sealed class HealthReportWriter(Func<ImmutableArray<ServerHealthReport>?> servers, Func<ProbeStats> figures,
    Action<HealthReport> write, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private HealthReport? _last;

    /// <summary>Writes the report if it is due.</summary>
    internal void Write()
    {
        var changed = servers();
        var report = new HealthReport
        {
            At = time.GetUtcNow(),
            Probes = figures(),
            Servers = changed ?? _last?.Servers ?? [],
        };
        // Without servers the report is small, and is written every time.
        if (changed is null && _last is not null && report.Servers.Length > 0 && report.At - _last.At < MaxAge)
            return;
        _last = report;
        try
        {
            write(report);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.HealthReportNotWritten(e.Message);
        }
    }
}
