using Sidestep.Agent.Actions;

namespace Sidestep.Agent.Running;

/// <summary>Repairs deviations, and records those that another program caused.</summary>
/// <param name="time">The clock.</param>
/// <param name="log">Receives every repair, and the same error once.</param>
internal sealed class DriftRepair(TimeProvider time, ILogger log)
{
    private readonly RepairBackoff _backoff = new(time);
    private readonly OngoingErrors _errors = new();

    public DriftLog Drifts { get; } = new();

    /// <summary>See <see cref="RepairBackoff.Active"/>.</summary>
    public IReadOnlyList<(string Name, string Subject, DateTimeOffset Until)> BackingOff => _backoff.Active;

    /// <returns>True: there was drift, so a report is due.</returns>
    public bool Repair(IEnumerable<Deviation> deviations)
    {
        var hasDrift = false;
        foreach (var deviation in deviations)
        {
            if (deviation.IsDrift)
            {
                hasDrift = true;
                RepairDrift(deviation);
                continue;
            }
            deviation.Repair();
            log.HostChanged(deviation.Message);
        }
        return hasDrift;
    }

    private void RepairDrift(Deviation deviation)
    {
        var (name, subject, found) = (deviation.Name, deviation.Subject, deviation.Found);
        var setting = $"{name} {subject}";
        var noticed = time.GetUtcNow();
        if (!_backoff.MayRepair(name, subject, out var backoffStarted))
        {
            if (backoffStarted)
            {
                log.RepairsSuspended(setting, RepairBackoff.MaxRepairs, (int)RepairBackoff.RepairWindow.TotalSeconds,
                    (int)RepairBackoff.BackoffTime.TotalMinutes);
                Drifts.Add(name, subject, found, noticed, null);
            }
            return;
        }
        DateTimeOffset? repaired = null;
        try
        {
            deviation.Repair();
            repaired = time.GetUtcNow();
            _errors.End(setting);
            log.DriftRepaired(setting, found, deviation.Message);
        }
#pragma warning disable CA1031 // the other settings are repaired all the same
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_errors.IsNew(setting, $"{found}: {e.Message}"))
                log.RepairFailed(setting, found, e.Message);
        }
        Drifts.Add(name, subject, found, noticed, repaired);
    }
}
