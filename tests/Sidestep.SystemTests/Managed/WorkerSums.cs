using Sidestep.Engine.Managed;
using Sidestep.Forwarding.Running;

namespace Sidestep.SystemTests.Managed;

/// <summary>What all workers of an engine have done together.</summary>
internal static class WorkerSums
{
    public static WorkerFigures Sum(this ManagedEngine engine) => engine.Workers.Select(static w => w.Figures).Aggregate(static (one, other) => new WorkerFigures(
        one.Frames + other.Frames, one.Sent + other.Sent, one.LostReceived + other.LostReceived, one.LostSent + other.LostSent, one.AllocatedBytes + other.AllocatedBytes));
}
