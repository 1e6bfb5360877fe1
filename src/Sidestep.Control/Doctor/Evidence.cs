using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>The input of the doctor's rules: the state of the director, the reports of agents, and the results of
/// probes.</summary>
public sealed record Evidence
{
    /// <summary>Name of the director, from its configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Version of the director's program.</summary>
    public required string Version { get; init; }

    /// <summary>The director's wall clock when the evidence was complete.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The director's own addresses, of both families.</summary>
    public ImmutableArray<IPAddress> DirectorAddresses { get; init; } = [];

    /// <summary>How the director's interfaces are attached.</summary>
    public ImmutableArray<InterfaceEvidence> Interfaces { get; init; } = [];

    /// <summary>VIPs that are addresses of the director itself, each with the device that has it.</summary>
    public ImmutableArray<(IPAddress Vip, string Device)> LocalVips { get; init; } = [];

    /// <summary>VIPs that no device of the director has, but that are local to it by a route.</summary>
    public ImmutableArray<IPAddress> LocalRoutes { get; init; } = [];

    /// <summary>VIPs whose replies the director's kernel drops by reverse-path validation, each with the setting and
    /// the route.</summary>
    public ImmutableArray<(IPAddress Vip, string Reason)> ReplyFilters { get; init; } = [];

    /// <summary>Other hosts that answer for the VIPs.</summary>
    public ImmutableArray<VipConflict> Conflicts { get; init; } = [];

    /// <summary>Pools of checked services in which no server accepts new flows, each with its services.</summary>
    public ImmutableArray<PoolEvidence> PoolsWithoutServer { get; init; } = [];

    /// <summary>The real servers that were checked.</summary>
    public ImmutableArray<ServerEvidence> Servers { get; init; } = [];

    /// <summary>Names of the services of each VIP.</summary>
    public ImmutableDictionary<IPAddress, ImmutableArray<string>> ServicesByVip { get; init; } =
        ImmutableDictionary<IPAddress, ImmutableArray<string>>.Empty;
}

/// <summary>A pool in which no server accepts new flows.</summary>
/// <param name="Name">Name of the pool.</param>
/// <param name="Servers">Its servers, each with the reason: <c>web1: draining</c>.</param>
/// <param name="Services">Names of the services that use it.</param>
public sealed record PoolEvidence(string Name, ImmutableArray<string> Servers, ImmutableArray<string> Services);

/// <summary>An interface of the director.</summary>
/// <param name="Name">Its name in the kernel.</param>
/// <param name="Configured">The driver in the configuration.</param>
/// <param name="Actual">The driver in use; null: not attached.</param>
/// <param name="FallbackReason">Why a faster driver is not used, as the kernel reported it; null: there is no
/// reason.</param>
/// <param name="Link">Whether the interface carries frames.</param>
public sealed record InterfaceEvidence(
    string Name, Driver Configured, Driver? Actual, string? FallbackReason, LinkCondition Link = LinkCondition.Up)
{
    /// <summary>True if the interface carries frames and the engine receives them.</summary>
    public bool Works => Link == LinkCondition.Up && Actual is not null;
}

/// <summary>Whether an interface carries frames.</summary>
public enum LinkCondition
{
    /// <summary>It is up and has a carrier.</summary>
    Up,

    /// <summary>It is up and has no carrier.</summary>
    NoCarrier,

    /// <summary>It is administratively down.</summary>
    Down,

    /// <summary>There is no interface of this name.</summary>
    Missing,
}

/// <summary>A real server, identified by name and address.</summary>
public sealed record ServerEvidence
{
    /// <summary>Name of the server in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>The server's own address, not a VIP.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The services of the server, one entry for each VIP and port.</summary>
    public ImmutableArray<ServiceEvidence> Services { get; init; } = [];

    /// <summary>The route from the director to the server's own address.</summary>
    public RouteEvidence Route { get; init; } = new();

    /// <summary>The agent's newest report when the diagnosis began; null: <see cref="BeforeProbes"/> is the
    /// first.</summary>
    public ReceivedReport? AtStart { get; init; }

    /// <summary>The agent's last report before the probes; null: it has not reported.</summary>
    public ReceivedReport? BeforeProbes { get; init; }

    /// <summary>The agent's newest report: from after the probes, unless the agent is silent. Null: it never
    /// reported.</summary>
    public ReceivedReport? AfterProbes { get; init; }

    /// <summary>Groups in which the applied tables have this server as unhealthy.</summary>
    public ImmutableArray<string> UnhealthyIn { get; init; } = [];

    /// <summary>TTL or hop limit of a reply from the server's own address; null: there was none.</summary>
    public int? ReplyTtl { get; init; }

    /// <summary>The agent's newest report; null: there is none, or the agent is silent.</summary>
    public AgentReport? Agent(Evidence evidence) =>
        AfterProbes is { } last && evidence.Now - last.At < AgentRegistry.SilentAfter ? last.Report : null;

    /// <summary>How much a counter of the agent grew during the diagnosis; 0 when it is not known, as after a restart
    /// of the agent.</summary>
    public long Growth(string counter) =>
        (AtStart ?? BeforeProbes)?.Report is { } before && AfterProbes?.Report is { } after
            && before.Instance == after.Instance
        ? after.Counters.GetValueOrDefault(counter) - before.Counters.GetValueOrDefault(counter) : 0;

    /// <summary>Handshakes with a VIP that the agent counted during the probes; null when it is not known.</summary>
    public (long SynReceived, long SynAckSent)? Handshakes(IPAddress vip)
    {
        if (BeforeProbes?.Report is not { } before || AfterProbes?.Report is not { } after
            || before.Instance != after.Instance || after.Sequence <= before.Sequence
            || after.Traffic.FirstOrDefault(t => t.Vip.Equals(vip)) is not { } now)
            return null;
        var then = before.Traffic.FirstOrDefault(t => t.Vip.Equals(vip));
        return (now.SynReceived - (then?.SynReceived ?? 0), now.SynAckSent - (then?.SynAckSent ?? 0));
    }
}

/// <summary>The route from the director to a server during the diagnosis.</summary>
public sealed record RouteEvidence
{
    /// <summary>The reason why the director has no route to the server; null: it has one.</summary>
    public string? NoRouteReason { get; init; }

    /// <summary>The router before the server; null: the server is on the link.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>Name of the egress interface; empty when there is no route.</summary>
    public string Device { get; init; } = "";

    /// <summary>The Ethernet address to which packets go; null: it is not known, and no packets go.</summary>
    public string? Mac { get; init; }

    /// <summary>True if the neighbour entry is static: no reply changes it.</summary>
    public bool IsStatic { get; init; }

    /// <summary>True if the server is the director itself.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Ethernet addresses that answered ARP or neighbour solicitation for the next hop; null: no request was
    /// sent.</summary>
    public ImmutableArray<string>? RepliedMacs { get; init; }
}

/// <summary>One port of one VIP on one server.</summary>
public sealed record ServiceEvidence
{
    /// <summary>Name of the virtual service.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the pool that the service chooses the server from.</summary>
    public required string Pool { get; init; }

    /// <summary>One VIP of the service; of a prefix, one address in it.</summary>
    public required IPAddress Vip { get; init; }

    /// <summary>The protocol of the service.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>One port of the service; 0: a range, or any port.</summary>
    public required int Port { get; init; }

    /// <summary>The encapsulation in which packets reach the server.</summary>
    public required Encap Encap { get; init; }

    /// <summary>The MTU and MSS to the server; null when the next hop is not known.</summary>
    public PathMtu? PathMtu { get; init; }

    /// <summary>A probe to VIP and port in the same encapsulation as traffic; null: not probed.</summary>
    public ProbeEvidence? DsrPathProbe { get; init; }

    /// <summary>A probe to the server's own address and the same port; null: not probed.</summary>
    public ProbeEvidence? DirectProbe { get; init; }

    /// <summary>Probes with large packets; null: not probed.</summary>
    public PacketSizeEvidence? PacketSize { get; init; }

    /// <summary>VIP, protocol and port for messages: <c>203.0.113.10 tcp/80</c>.</summary>
    public string Where => Port == 0 ? $"{Vip}" : $"{Vip} {Protocol.ToString().ToLowerInvariant()}/{Port}";

    /// <summary>True if the VIP is an IPv6 address.</summary>
    public bool IsIPv6 => Vip.AddressFamily == AddressFamily.InterNetworkV6;
}

/// <summary>The reply to a probe of the doctor, or why there was none.</summary>
public enum ProbeReply
{
    /// <summary>The expected reply: SYN-ACK, datagram or echo reply from the destination of the probe.</summary>
    Answered,

    /// <summary>A reset, or "port unreachable".</summary>
    Refused,

    /// <summary>A reply whose source is not the destination of the probe.</summary>
    OtherSource,

    /// <summary>No reply within the timeout.</summary>
    NoReply,

    /// <summary>The director could not send the probe.</summary>
    NotSent,
}

/// <summary>The result of one probe of the doctor.</summary>
/// <param name="Reply">The kind of reply.</param>
/// <param name="From">Source address of the reply; null: there was none.</param>
/// <param name="Mss">MSS option of the SYN-ACK (RFC 9293, section 3.7.1), in bytes; null: there was none.</param>
/// <param name="Detail">More about the reply for the operator; may be empty.</param>
public sealed record ProbeEvidence(ProbeReply Reply, IPAddress? From = null, int? Mss = null, string Detail = "");

/// <summary>Large packets along the path to a server.</summary>
/// <param name="ExpectedBytes">Length of the longest inner datagram that the MTU of the director's interface
/// permits.</param>
/// <param name="PassedBytes">Length of the longest that was answered; null: not even a short one.</param>
/// <param name="RouterReport">The MTU that a router along the path reported, with its address; null: none did.</param>
public sealed record PacketSizeEvidence(int ExpectedBytes, int? PassedBytes, string? RouterReport);
