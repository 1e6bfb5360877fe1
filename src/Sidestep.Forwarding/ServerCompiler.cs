using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The servers of a pool, for one way of reaching it: who takes new flows, and what becomes of those that it has.</summary>
/// <param name="group">Pool and way.</param>
/// <param name="profile">For servers with another outer header than the group's.</param>
/// <param name="pool">The pool.</param>
/// <param name="nextHops">What is known of the way to each server.</param>
/// <param name="healthy">Addresses of the servers that are fit; null: all are.</param>
/// <param name="previous">The group before: it knows since when a server drains.</param>
/// <param name="now">The time.</param>
internal sealed class ServerCompiler(
    GroupKey group, NetworkProfile profile, Pool pool, NextHops nextHops, ImmutableHashSet<IPAddress>? healthy, ServerGroup? previous, DateTimeOffset now)
{
    /// <summary>By address.</summary>
    internal ImmutableArray<CompiledServer> Compile()
    {
        var servers = pool.Servers.Select(static (s, i) => (Server: s, i)).OrderBy(static s => s.Server.Address, AddressComparer.Instance)
            .Select(s => (s.Server, Compiled: Of(s.Server))).ToArray();
        // Backup servers that are not needed take nothing new; flows that they have stay.
        var needsBackup = servers.Count(static s => !s.Server.Backup && s.Compiled.Entry.IsUsable) < pool.MinServers;
        return
        [
            .. servers.Select(s => s.Server.Backup && !needsBackup
                ? s.Compiled with { Entry = s.Compiled.Entry with { Weight = 0 } }
                : s.Compiled),
        ];
    }

    private CompiledServer Of(RealServer server)
    {
        Encap? own = group.Encap.Encapsulation is not null && server.Encapsulation is { } other && Encap.Of(profile, other) is var encap && encap != group.Encap
            ? encap : null;
        var nextHop = nextHops.Servers.GetValueOrDefault(server.Address);
        var obstacle = nextHop is null ? null : ObstacleOf(server.Address, own ?? group.Encap, nextHop);
        var entry = new ServerEntry(server.Name, server.Address, server.State == ServerState.Enabled ? server.Weight : 0, obstacle is null ? nextHop : null)
        {
            Encap = own,
            Obstacle = obstacle,
        };
        // Like one that is disabled: out at once, whatever it was doing. A drain goes on where it was if it comes back.
        if (healthy?.Contains(server.Address) == false && server.State != ServerState.Disabled)
        {
            var failed = server.State == ServerState.Draining ? Draining(entry) : new CompiledServer(entry);
            return failed with { Entry = failed.Entry with { Weight = 0, Flows = FlowState.Move, HasFailed = true } };
        }
        if (server.State == ServerState.Draining)
            return Draining(entry);
        return new CompiledServer(entry with { Flows = server.State == ServerState.Disabled || entry.NextHop is null ? FlowState.Move : FlowState.Keep });
    }

    private CompiledServer Draining(ServerEntry entry)
    {
        var since = previous?.Servers.FirstOrDefault(s => s.Name == entry.Name && s.Address.Equals(entry.Address))?.DrainingSince ?? now;
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

    /// <summary>Why a server whose neighbour is known cannot be reached in this way all the same.</summary>
    private static string? ObstacleOf(IPAddress server, Encap encap, NextHop nextHop)
    {
        if (encap.Encapsulation is not { } encapsulation)
        {
            // At layer 2 a frame to a router would come back to the VIP's owner.
            return nextHop.ViaRouter ? "a router is before it, which layer 2 cannot pass: use a networkProfile with dsrType l3" : null;
        }
        if (nextHop.IsLocal)
            return null;
        var isIpv4 = server.AddressFamily == AddressFamily.InterNetwork;
        if ((isIpv4 ? encap.OuterSource4 : encap.OuterSource6) is not null || (isIpv4 ? nextHop.Egress.Address : nextHop.Egress.Address6) is not null)
            return null;
        var family = isIpv4 ? "IPv4" : "global IPv6";
        var otherwise = encapsulation == Encapsulation.Gue ? "" : $", or the networkProfile an outer source prefix of {(isIpv4 ? "IPv4" : "IPv6")}";
        return $"{nextHop.Egress.Name} has no {family} address, which the outer header needs as its source: give it one{otherwise}";
    }
}

/// <summary>A server, and what only the compiler has to know of it.</summary>
/// <param name="Entry">For the tables.</param>
internal readonly record struct CompiledServer(ServerEntry Entry)
{
    /// <summary>When its drain will be over; null: it does not drain, or it is.</summary>
    internal DateTimeOffset? DrainEnds { get; init; }

    /// <summary>Its drain is over, and only its remembered flows stay.</summary>
    internal bool KeepsTrackedFlowsOnly { get; init; }

    /// <summary>True when packets of no remembered flow can still belong to it.</summary>
    internal bool KeepsUntrackedFlows => Entry.NextHop is not null && Entry.Flows != FlowState.Move && !KeepsTrackedFlowsOnly;
}
