using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Drivers;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>Counters summed over all workers of an engine.</summary>
internal static class WorkerTotals
{
    public static WorkerCounters Totals(this ManagedEngine engine) =>
        engine.Workers.Select(static w => w.Counters).Aggregate(static (one, other) => new WorkerCounters(
        one.Frames + other.Frames, one.Sent + other.Sent, one.RxDropped + other.RxDropped,
        one.TxDropped + other.TxDropped, one.AllocatedBytes + other.AllocatedBytes));
}
