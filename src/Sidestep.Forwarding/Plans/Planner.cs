using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Api.Plans;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Plans;

/// <summary>Compiles a proposed configuration as a change of the running one, and describes what the change does.
/// Pure.</summary>
/// <remarks>New servers are assumed to be reachable and healthy; others keep their current state.</remarks>
public static class Planner
{
    private const string Disabled = "disabled";

    /// <summary>Determines what the proposed configuration would change.</summary>
    /// <param name="running">The running director.</param>
    /// <param name="proposed">The proposed configuration, validated.</param>
    /// <param name="now">The current time.</param>
    public static Plan Of(RunningState running, Configuration proposed, DateTimeOffset now)
    {
        var effective = new EffectiveConfiguration(proposed);
        var tables = TableCompiler.Compile(
            effective, Reachable(proposed, running.Unreachable), running.Groups.ToPrevious(), now,
            health: CurrentHealth(running.Groups, effective));
        var after = tables.Groups.ToDictionary(static g => g.Key);
        var before = running.Groups.Groups.ToDictionary(static g => g.Key);
        var predecessors = new GroupHistory(running.Groups.Groups, after.ContainsKey);
        var successors = new GroupHistory(tables.Groups, before.ContainsKey);
        var sameKey = running.Groups.HashKey == proposed.Group.HashKey;
        var warnings = new List<string>();
        if (!sameKey)
        {
            warnings.Add("group.hashKey changes: every untracked flow may move to another server, and the tables of"
                + " other directors must change at the same time");
        }
        var keys = before.Keys.Union(after.Keys).OrderBy(static k => k.ToString(), StringComparer.Ordinal)
            .ThenBy(static k => k.Service?.ToString(), StringComparer.Ordinal).ToArray();
        var groups = keys
            .Select(k => GroupOf(k, before.GetValueOrDefault(k), after.GetValueOrDefault(k),
                predecessors, successors, running.Flows, sameKey))
            .ToImmutableArray();
        var names = new GroupNames(keys);
        foreach (var group in groups)
            Warn(group, names.Of(group.Key), sameKey, warnings);
        var services = Services(running.Services, tables);
        warnings.AddRange(services.Where(static s => s.Change == ChangeKind.Removed)
            .Select(static s =>
            $"{s.Name} is removed ({s.Before}): packets that clients still send to it are no longer forwarded"));
        warnings.AddRange(UnverifiedPoolWarnings(running, proposed, tables));
        warnings.AddRange(ServingWarnings.Of(running, effective, tables));
        return new Plan(services, groups, [.. warnings]);
    }

    /// <summary>Warnings about running services that change to another pool: its servers are not yet verified for
    /// them.</summary>
    private static IEnumerable<string> UnverifiedPoolWarnings(
        RunningState running, Configuration proposed, ForwardingTables tables)
    {
        var serving = running.Services.ToDictionary(static s => s.Key);
        var matches = EffectivePorts.Of(tables);
        for (var i = 0; i < tables.Services.Length; i++)
        {
            var (name, group) = (tables.Services[i].Key, tables.Services[i].Group);
            if (!serving.TryGetValue(name, out var previous) || previous.Group.Pool == group.Pool
                || running.Groups.Groups.Any(g => g.Key == group || g.Key == group.Shared)
                || !proposed.Pools.First(p => p.Key == group.Pool).IsMonitored)
                continue;
            var moves = $"{name} moves to pool {group.Pool}, whose servers were never probed for it:"
                + " until the probes succeed, ";
            var onlyPoolChanges = previous.Group.Encap == group.Encap
                && EffectivePorts.Describe(previous.Matches) == EffectivePorts.Describe(matches[i]);
            yield return onlyPoolChanges
                ? $"{moves}pool {previous.Group.Pool} continues to serve it"
                : $"{moves}packets of clients are dropped, because its VIPs, ports or encapsulation change, too."
                    + " Change the pool alone first";
        }
    }

    /// <summary>Failed servers stay as they are; all others, new ones included, are assumed to be healthy.</summary>
    private static ServerHealth CurrentHealth(RunningGroups running, EffectiveConfiguration proposed)
    {
        var groups = ConfiguredGroup.Of(proposed);
        var history = new GroupHistory(running.Groups, groups.Select(static g => g.Key).ToHashSet().Contains);
        return new ServerHealth(groups.ToImmutableDictionary(static g => g.Key, g =>
        {
            ServerEntry[] failed = [.. (history.Predecessor(g.Key)?.Servers ?? []).Where(static s => s.HasFailed)];
            return new GroupHealth([.. g.Pool.Servers.Select(static s => s.VrfAddress)
                .Except(failed.Select(static s => s.VrfAddress))])
            {
                Answering = [.. failed.Where(static s => s.Flows == FlowState.Keep).Select(static s => s.VrfAddress)],
                IsInPanic = failed.Any(static s => s.Weight > 0),
            };
        }));
    }

    /// <summary>Stand-in next hops, by which every server is reachable: the real ones do not change the
    /// slots.</summary>
    private static NextHops Reachable(Configuration configuration, IReadOnlySet<VrfAddress> unreachable)
    {
        var egress = new EgressInterface(1, "", default, IPAddress.Any, ushort.MaxValue, IPAddress.IPv6Any);
        var nextHop = new NextHop(egress, default(MacAddress));
        var servers = configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress)
            .Where(a => !unreachable.Contains(a)).Distinct();
        return new NextHops([egress], servers.ToDictionary(static a => a, _ => nextHop),
            new Dictionary<VrfAddress, string>());
    }

    private static ImmutableArray<ServicePlan> Services(ImmutableArray<RunningService> before, ForwardingTables after)
    {
        var previous = before.ToDictionary(static s => s.Key.ToString(), static s => Text(s.Matches, s.Group));
        var matches = EffectivePorts.Of(after);
        var next = after.Services.Select((s, i) => (Name: s.Key.ToString(), Text: Text(matches[i], s.Group)))
            .ToDictionary(static s => s.Name, static s => s.Text);
        return
        [
            .. previous.Keys.Union(next.Keys).Order(StringComparer.Ordinal).Select(name =>
            {
                string? was = previous.GetValueOrDefault(name), then = next.GetValueOrDefault(name);
                return new ServicePlan(name, KindOf(was, then), was, then);
            }).Where(static s => s.Change != ChangeKind.None),
        ];
    }

    private static ChangeKind KindOf(string? before, string? after) =>
        before is null ? ChangeKind.Added
        : after is null ? ChangeKind.Removed
        : before == after ? ChangeKind.None
        : ChangeKind.Changed;

    private static string Text(IEnumerable<EffectivePorts> matches, GroupKey group) =>
        $"{EffectivePorts.Describe(matches)} by {group}";

    private static GroupPlan GroupOf(
        GroupKey key, ServerGroup? before, ServerGroup? after, GroupHistory predecessors, GroupHistory successors,
        FlowCounts flows, bool sameKey)
    {
        // A group may continue under another key: its slots are then compared with its old group.
        var origin = after is null ? null : before ?? predecessors.Predecessor(key);
        var successor = after ?? successors.Predecessor(key);
        // The servers of a pool do not change when a service of the pool comes or goes.
        var sibling = predecessors.PredecessorOrSibling(key);
        var earlier = before ?? (sibling?.Key.Shared == key.Shared ? sibling : null);
        var later = after ?? successors.PredecessorOrSibling(key);
        var change = before is null ? ChangeKind.Added : after is null ? ChangeKind.Removed : ChangeKind.None;
        int slots = 0, moved = 0;
        if (origin is not null && after is not null && !after.Slots.Slots.IsEmpty)
            (slots, moved) = CountMovedSlots(new SlotChange(origin, after, [], sameKey));

        FlowForecast Forecast(ServerEntry server)
        {
            var count = flows.Of(key, server);
            var then = Find(successor, server);
            return then is null || then.Flows != FlowState.Keep ? new FlowForecast(0, 0, count)
                : successor!.Key.Shared == key.Shared ? new FlowForecast(count, 0, 0) : new FlowForecast(0, count, 0);
        }

        var servers = (earlier?.Servers ?? []).Select(s => (Before: (ServerEntry?)s, After: Find(later, s)))
            .Concat((after?.Servers ?? []).Where(s => Find(earlier, s) is null)
                .Select(static s => (Before: (ServerEntry?)null, After: (ServerEntry?)s)))
            .Select(s => ServerOf(s.Before, s.After, before, after, s.Before is null ? default : Forecast(s.Before)))
            .OrderBy(static s => s.Address, AddressComparer.Instance)
            .ThenBy(static s => s.Name, StringComparer.Ordinal);
        return new GroupPlan(key, change, slots, moved, [.. servers]);
    }

    private static (int Slots, int Moved) CountMovedSlots(SlotChange change)
    {
        var slots = change.Group.Slots.Slots.Length;
        return (slots, change.SlotsCorrespond
            ? Enumerable.Range(0, slots).Count(s => change.Before(s) != change.After(s)) : slots);
    }

    private static ServerPlan ServerOf(
        ServerEntry? before, ServerEntry? after, ServerGroup? groupBefore, ServerGroup? groupAfter, FlowForecast flows)
    {
        var server = before ?? after!;
        string? was = before is null ? null : StateOf(before), then = after is null ? null : StateOf(after);
        return new ServerPlan(server.Name, server.Address, KindOf(was, then), was, then,
            SlotsOf(groupBefore, before), SlotsOf(groupAfter, after), flows);
    }

    private static string StateOf(ServerEntry server)
    {
        var encap = server.Encap is { } own ? $", {own}" : "";
        return server.HasFailed ? $"failed{encap}"
            : server is { DrainingSince: not null, Weight: > 0 } ? string.Create(CultureInfo.InvariantCulture,
                $"draining, fallback with weight {server.Weight}{encap}")
            : server.DrainingSince is not null ? $"draining{encap}"
            : server is { Weight: 0, Flows: FlowState.Move } ? $"{Disabled}{encap}"
            : string.Create(CultureInfo.InvariantCulture, $"weight {server.Weight}{encap}");
    }

    private static int SlotsOf(ServerGroup? group, ServerEntry? server)
    {
        if (group is null || server is null)
            return 0;
        var member = group.Slots.Members.Select(static m => m.Address).ToList().IndexOf(server.Address);
        return member < 0 ? 0 : group.Slots.Slots.Count(s => s == member);
    }

    private static ServerEntry? Find(ServerGroup? group, ServerEntry server) =>
        group?.Servers.FirstOrDefault(s => s.Name == server.Name && s.VrfAddress == server.VrfAddress);

    private static void Warn(GroupPlan group, string name, bool sameKey, List<string> warnings)
    {
        if (sameKey && group.Slots > 0 && group.MovedSlots == group.Slots
            && group.Servers.Any(static s => s.SlotsBefore > 0 && s.SlotsAfter > 0))
        {
            warnings.Add($"{name}: every slot moves, because the number of slots or the algorithm changes:"
                + " untracked flows may move to another server");
        }
        var loaded = group.Servers.Where(static s => s.Before is not null && (s.Flows.Break > 0 || s.SlotsBefore > 0));
        foreach (var server in loaded)
        {
            if (server.After is null)
                warnings.Add(Sentence(name, server, "is deleted"));
            else if (server.Change == ChangeKind.Changed && server.After.StartsWith(Disabled, StringComparison.Ordinal))
                warnings.Add(Sentence(name, server, "is disabled"));
        }
    }

    private static string Sentence(string group, ServerPlan server, string what) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{group}: {server.Name} ({server.Address}) {what} while it has {server.SlotsBefore} slots and ")
        + string.Create(CultureInfo.InvariantCulture, $"{server.Flows.Break} tracked flows: its connections break.")
        + " Set its state to draining first, and do this when its flows are gone";
}
