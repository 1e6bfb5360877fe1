using Sidestep.Cli.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The state of a director of this machine: the input of <c>sidestep status</c>.</summary>
/// <param name="Status">Its status, from the pinned tables or from the daemon.</param>
/// <param name="Engine">The engine that forwards.</param>
/// <param name="Daemon">The last report of its daemon; null: none.</param>
/// <param name="IsRunning">True if that daemon runs.</param>
/// <param name="Health">The last report on the health of its servers; null: none.</param>
public sealed record RunningStatus(
    DirectorStatus Status, EngineKind Engine, DaemonReport? Daemon, bool IsRunning, HealthReport? Health)
{
    /// <summary>Reads the state of a director; null: there is no such director.</summary>
    /// <exception cref="EngineException">It cannot be read.</exception>
    public static RunningStatus? Read(DirectorSettings director)
    {
        using var managed = ManagedDirector.Find(director);
        var status = managed is not null ? managed.Status() : PinnedStatus.Read(director.PinPath, director.Name);
        return status is null ? null : new RunningStatus(status, managed is null ? EngineKind.Xdp : EngineKind.Managed,
            DaemonReport.Read(director), DaemonReport.IsRunning(director), HealthReport.Read(director));
    }
}
