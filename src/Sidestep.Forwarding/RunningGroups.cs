using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>The part of the tables in force that the next tables depend on, as an engine reports it.</summary>
/// <param name="HashKey">Key of the flow hash.</param>
/// <param name="Groups">The groups. Names, addresses, slots, transitions and starts of drains are as applied; next hops
/// may be missing.</param>
public sealed record RunningGroups(Model.HashKey HashKey, ImmutableArray<ServerGroup> Groups)
{
    /// <summary>These groups without times that cannot be: drains that begin in the future, and migration windows that
    /// are longer than the longest. A daemon of an earlier version wrote times of the wall clock.</summary>
    /// <param name="now">The present time, by <see cref="MonotonicClock"/>.</param>
    public RunningGroups NotAfter(DateTimeOffset now) =>
        this with { Groups = [.. Groups.Select(g => NotAfter(g, now))] };

    private static ServerGroup NotAfter(ServerGroup group, DateTimeOffset now)
    {
        // A window is as long as an idle timeout.
        var latestEnd = now + TimeSpan.FromSeconds(Model.Limits.Seconds);
        if (group.Transition is { } t && t.MigrationWindowEnds > latestEnd)
            group = group with { Transition = t with { MigrationWindowEnds = latestEnd } };
        return group.Servers.Any(s => s.DrainingSince > now)
            ? group with
            {
                Servers = [.. group.Servers.Select(s => s.DrainingSince > now ? s with { DrainingSince = now } : s)],
            }
            : group;
    }

    /// <summary>Converts the groups to tables that <see cref="TableCompiler"/> accepts as the previous ones.</summary>
    public ForwardingTables ToPrevious() =>
        new() { HashKey = HashKey, Interfaces = [], Vips = [], Services = [], Groups = Groups };
}
