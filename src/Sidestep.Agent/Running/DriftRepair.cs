using Sidestep.Agent.Actions;
using Sidestep.Native;

namespace Sidestep.Agent.Running;

/// <summary>Repairs deviations, and records those that another program caused.</summary>
/// <param name="time">The clock.</param>
/// <param name="log">Receives every repair, and the same error once.</param>
internal sealed class DriftRepair(TimeProvider time, AgentLog log)
{
    private readonly RepairBackoff _backoff = new(time);

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
            log.Write(AgentEvent.HostChanged, deviation.Message);
        }
        return hasDrift;
    }

    private void RepairDrift(Deviation deviation)
    {
        var (name, subject, found) = (deviation.Name, deviation.Subject, deviation.Found);
        var noticed = time.GetUtcNow();
        if (!_backoff.MayRepair(name, subject, out var backoffStarted))
        {
            if (backoffStarted)
            {
                log.Write(AgentEvent.RepairsSuspended,
                    $"{name} {subject}: another program changed it {RepairBackoff.MaxRepairs} times within "
                    + $"{RepairBackoff.RepairWindow.TotalSeconds:0} s. The agent does not repair it for "
                    + $"{RepairBackoff.BackoffTime.TotalMinutes:0} minutes: find the other program, and let only one "
                    + "of the two manage it.");
                Drifts.Add(name, subject, found, noticed, null);
            }
            return;
        }
        DateTimeOffset? repaired = null;
        var failure = $"repair {name} {subject}";
        try
        {
            deviation.Repair();
            repaired = time.GetUtcNow();
            log.Forget(failure);
            log.Write(AgentEvent.DriftRepaired,
                $"drift: {name} {subject} was {found}; repaired ({deviation.Message})");
        }
        catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
        {
            log.WriteOnce(AgentEvent.RepairFailed, failure,
                $"{name} {subject} is {found} and cannot be repaired: {e.Message}");
        }
        Drifts.Add(name, subject, found, noticed, repaired);
    }
}
