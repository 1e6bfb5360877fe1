using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Compiles the servers of a group: which accept new flows, and what happens to the flows that they
/// have.</summary>
/// <param name="group">Key of the group.</param>
/// <param name="profile">The network profile, for servers that override the encapsulation.</param>
/// <param name="pool">The pool.</param>
/// <param name="nextHops">The next hops of servers.</param>
/// <param name="health">The health of the servers; null: the pool is not monitored, and all are healthy.</param>
/// <param name="previous">The previous version of the group, which knows when each drain began; null: there is
/// none.</param>
/// <param name="now">The current time.</param>
internal sealed class ServerCompiler(
    GroupKey group, NetworkProfile profile, Pool pool, NextHops nextHops, GroupHealth? health,
    ServerGroup? previous, DateTimeOffset now)
{
    /// <summary>All servers of the pool, by address.</summary>
    internal ImmutableArray<CompiledServer> Compile()
    {
        var servers = pool.Servers.OrderBy(static s => s.Address, AddressComparer.Instance)
            .Select(s => (Server: s, Compiled: Of(s))).ToArray();
        // Backup servers that are not needed accept no new flows; the flows that they have stay.
        var needsBackup = servers.Count(static s => !s.Server.Backup && s.Compiled.Entry.IsUsable) < pool.MinServers;
        CompiledServer[] compiled =
        [
            .. servers.Select(s => s.Server.Backup && !needsBackup
                ? s.Compiled with { Entry = s.Compiled.Entry with { Weight = 0 } }
                : s.Compiled),
        ];
        if (!pool.FallbackToDraining || compiled.Any(static s => s.Entry.IsUsable))
            return [.. compiled];
        return [.. compiled.Select((s, i) => FallsBackTo(servers[i].Server, s)
            ? s with { Entry = s.Entry with { Weight = servers[i].Server.Weight } } : s)];
    }

    /// <summary>True: the server drains, is healthy, and its drain deadline is not over.</summary>
    private static bool FallsBackTo(RealServer server, CompiledServer compiled) =>
        server.State == ServerState.Draining && !compiled.Entry.HasFailed && compiled.DrainEnds is not null;

    private CompiledServer Of(RealServer server)
    {
        Encap? own = group.Encap.Mode != ForwardingMode.L2 && server.Encapsulation is { } other
            && Encap.Of(profile, other) is var encap && encap != group.Encap ? encap : null;
        var nextHop = nextHops.Servers.GetValueOrDefault(server.VrfAddress);
        var obstacle = nextHop is null ? null : ObstacleOf(server.Address, own ?? group.Encap, nextHop);
        var weight = server.State == ServerState.Enabled ? server.Weight : 0;
        var entry = new ServerEntry(server.Name, server.Address, weight, obstacle is null ? nextHop : null)
        {
            Encap = own,
            Obstacle = obstacle,
        };
        if (health?.Healthy.Contains(server.VrfAddress) == false && server.State != ServerState.Disabled)
            return Unhealthy(server, entry);
        return InService(server, entry);
    }

    private CompiledServer InService(RealServer server, ServerEntry entry)
    {
        if (server.State == ServerState.Draining)
            return Draining(entry);
        var moves = server.State == ServerState.Disabled || entry.NextHop is null;
        return new CompiledServer(entry with { Flows = moves ? FlowState.Move : FlowState.Keep });
    }

    /// <summary>An unhealthy server leaves at once, like a disabled one. If it still answers, it gets no new flows, but
    /// its flows stay: a wrong answer of a health page says nothing about them. Its drain continues in any
    /// case.</summary>
    private CompiledServer Unhealthy(RealServer server, ServerEntry entry)
    {
        entry = entry with { HasFailed = true, Weight = health!.Serves(server.VrfAddress) ? entry.Weight : 0 };
        if (health.Answering.Contains(server.VrfAddress))
            return InService(server, entry);
        var failed = server.State == ServerState.Draining ? Draining(entry) : new CompiledServer(entry);
        return failed with { Entry = failed.Entry with { Flows = FlowState.Move } };
    }

    private CompiledServer Draining(ServerEntry entry)
    {
        var since = previous?.Servers.FirstOrDefault(s => s.Name == entry.Name && s.VrfAddress == entry.VrfAddress)
            ?.DrainingSince ?? now;
        var ends = since + TimeSpan.FromSeconds(pool.Drain.DeadlineSeconds);
        var isOver = now >= ends;
        var flows = entry.NextHop is null ? FlowState.Move
            : !isOver ? FlowState.Keep
            : pool.Drain.OnDeadline switch
            {
                DrainDeadlineAction.Keep => FlowState.Keep,
                DrainDeadlineAction.Rehash => FlowState.Move,
                DrainDeadlineAction.Reset => FlowState.Reset,
                _ => throw new InvalidOperationException($"{pool.Drain.OnDeadline}"),
            };
        return new CompiledServer(entry with { Flows = flows, DrainingSince = since })
        {
            DrainEnds = isOver ? null : ends,
            KeepsTrackedFlowsOnly = isOver && pool.Drain.OnDeadline == DrainDeadlineAction.Keep,
        };
    }

    /// <summary>Why a server cannot be reached by an encapsulation although its neighbour is known, and the remedy;
    /// null when it can.</summary>
    private static string? ObstacleOf(IPAddress server, Encap encap, NextHop nextHop)
    {
        if (encap.Mode == ForwardingMode.L2)
        {
            // At layer 2, the router would send the packet back to the VIP's owner: the director.
            return nextHop.ViaRouter
                ? "it is behind a router, which layer 2 cannot cross: use a networkProfile with dsrType l3" : null;
        }
        if (nextHop.IsLocal)
            return null;
        var isIpv4 = server.AddressFamily == AddressFamily.InterNetwork;
        if ((isIpv4 ? encap.OuterSource4 : encap.OuterSource6) is not null
            || (isIpv4 ? nextHop.Egress.Address : nextHop.Egress.Address6) is not null)
            return null;
        var family = isIpv4 ? "IPv4" : "global IPv6";
        var otherwise = encap.Mode == ForwardingMode.Gue
            ? "" : $", or give the networkProfile an outer source prefix of {(isIpv4 ? "IPv4" : "IPv6")}";
        return $"{nextHop.Egress.Name} has no {family} address, which the outer header needs as its source:"
            + $" give it one{otherwise}";
    }
}

/// <summary>A compiled server, with what only the compiler needs.</summary>
/// <param name="Entry">The server's entry in the tables.</param>
internal readonly record struct CompiledServer(ServerEntry Entry)
{
    /// <summary>When its drain will end; null: it does not drain, or the drain is over.</summary>
    internal DateTimeOffset? DrainEnds { get; init; }

    /// <summary>Its drain is over, and only its tracked flows stay.</summary>
    internal bool KeepsTrackedFlowsOnly { get; init; }

    /// <summary>True if packets of no tracked flow can still belong to it.</summary>
    internal bool KeepsUntrackedFlows =>
        Entry.NextHop is not null && Entry.Flows != FlowState.Move && !KeepsTrackedFlowsOnly;
}
