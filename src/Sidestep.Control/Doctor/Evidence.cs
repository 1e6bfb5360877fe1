using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>Everything that the rules judge by: what the director sees, what agents report, and what came of asking and probing.</summary>
public sealed record Evidence
{
    /// <summary>Name of the director.</summary>
    public required string Director { get; init; }

    /// <summary>Version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>Its wall clock.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Its own addresses.</summary>
    public ImmutableArray<IPAddress> DirectorAddresses { get; init; } = [];

    /// <summary>How its interfaces are attached.</summary>
    public ImmutableArray<InterfaceEvidence> Interfaces { get; init; } = [];

    /// <summary>VIPs that its kernel has, and on which device.</summary>
    public ImmutableArray<(IPAddress Vip, string Device)> LocalVips { get; init; } = [];

    /// <summary>Who else answers for its VIPs.</summary>
    public ImmutableArray<VipConflict> Conflicts { get; init; } = [];

    /// <summary>The real servers that were looked at.</summary>
    public ImmutableArray<ServerEvidence> Servers { get; init; } = [];

    /// <summary>Services by VIP, for what is about a VIP.</summary>
    public ImmutableDictionary<IPAddress, ImmutableArray<string>> ServicesByVip { get; init; } = ImmutableDictionary<IPAddress, ImmutableArray<string>>.Empty;
}

/// <summary>An interface of the director.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Configured">By the configuration.</param>
/// <param name="Actual">Null: not attached.</param>
/// <param name="WhyNotBetter">What the driver said.</param>
public sealed record InterfaceEvidence(string Name, Driver Configured, Driver? Actual, string? WhyNotBetter);

/// <summary>A real server: one address.</summary>
public sealed record ServerEvidence
{
    /// <summary>From the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>Its own address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>What it answers for.</summary>
    public ImmutableArray<ServiceEvidence> Services { get; init; } = [];

    /// <summary>The way to it.</summary>
    public RouteEvidence Route { get; init; } = new();

    /// <summary>The report that was there when the look began; null: <see cref="BeforeProbes"/> is the first.</summary>
    public ReceivedReport? AtStart { get; init; }

    /// <summary>The last report before the probes.</summary>
    public ReceivedReport? BeforeProbes { get; init; }

    /// <summary>The last report: after the probes, if the agent speaks.</summary>
    public ReceivedReport? AfterProbes { get; init; }

    /// <summary>Pools in which health checks find it unfit, by what the tables in force say.</summary>
    public ImmutableArray<string> UnhealthyIn { get; init; } = [];

    /// <summary>TTL or hop limit of what came from the server's own address; null: nothing came.</summary>
    public int? ReplyTtl { get; init; }

    /// <summary>The agent's report, if it is not too old to be believed.</summary>
    public AgentReport? Agent(Evidence evidence) =>
        AfterProbes is { } last && evidence.Now - last.At < AgentRegistry.SilentAfter ? last.Report : null;

    /// <summary>How much a counter grew while it was looked at; 0 when that is not known.</summary>
    public long Growth(string counter) => (AtStart ?? BeforeProbes)?.Report is { } before && AfterProbes?.Report is { } after && before.Instance == after.Instance
        ? after.Counters.GetValueOrDefault(counter) - before.Counters.GetValueOrDefault(counter) : 0;

    /// <summary>What the agent saw of handshakes with a VIP while it was looked at; null when that is not known.</summary>
    public (long SynReceived, long SynAckSent)? Handshakes(IPAddress vip)
    {
        if (BeforeProbes?.Report is not { } before || AfterProbes?.Report is not { } after || before.Instance != after.Instance || after.Sequence <= before.Sequence
            || after.Traffic.FirstOrDefault(t => t.Vip.Equals(vip)) is not { } now)
            return null;
        var then = before.Traffic.FirstOrDefault(t => t.Vip.Equals(vip));
        return (now.SynReceived - (then?.SynReceived ?? 0), now.SynAckSent - (then?.SynAckSent ?? 0));
    }
}

/// <summary>The way from the director to a server, now.</summary>
public sealed record RouteEvidence
{
    /// <summary>Why there is none; null: there is.</summary>
    public string? NoRouteReason { get; init; }

    /// <summary>The router before the server; null: it is on the link.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The way out.</summary>
    public string Device { get; init; } = "";

    /// <summary>The Ethernet address that packets go to; null: none is known, and none go.</summary>
    public string? Mac { get; init; }

    /// <summary>Somebody entered that address: no answer changes it.</summary>
    public bool IsStatic { get; init; }

    /// <summary>The server is the director itself.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Who answered now, when the next hop was asked for; null: it was not asked.</summary>
    public ImmutableArray<string>? RepliedMacs { get; init; }
}

/// <summary>One port of one VIP on one server.</summary>
public sealed record ServiceEvidence
{
    /// <summary>Name of the virtual service.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the pool.</summary>
    public required string Pool { get; init; }

    /// <summary>One of its VIPs.</summary>
    public required IPAddress Vip { get; init; }

    /// <summary>Of the service.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>One of its ports; 0: any.</summary>
    public required int Port { get; init; }

    /// <summary>How packets reach the server.</summary>
    public required Encap Encap { get; init; }

    /// <summary>What fits; null when the way out is not known.</summary>
    public PathMtu? PathMtu { get; init; }

    /// <summary>Whether the server is to take new flows: of others only the worst is told.</summary>
    public bool AcceptsNewFlows { get; init; } = true;

    /// <summary>Through the same encapsulation as traffic, addressed to VIP and port.</summary>
    public ProbeEvidence? DsrPathProbe { get; init; }

    /// <summary>To the server's own address and the same port.</summary>
    public ProbeEvidence? DirectProbe { get; init; }

    /// <summary>With large packets; null: not tried.</summary>
    public PacketSizeEvidence? PacketSize { get; init; }

    /// <summary>For messages: <c>203.0.113.10 tcp/80</c>.</summary>
    public string Where => Port == 0 ? $"{Vip}" : $"{Vip} {Protocol.ToString().ToLowerInvariant()}/{Port}";

    /// <summary>Whether the VIP is of IPv6.</summary>
    public bool IsIPv6 => Vip.AddressFamily == AddressFamily.InterNetworkV6;
}

/// <summary>What came of a probe.</summary>
public enum ProbeReply
{
    /// <summary>The answer that was expected.</summary>
    Answered,

    /// <summary>A reset, or "port unreachable".</summary>
    Refused,

    /// <summary>An answer from another address than the one that was addressed.</summary>
    OtherSource,

    /// <summary>Nothing.</summary>
    NoReply,

    /// <summary>It could not be sent.</summary>
    NotSent,
}

/// <summary>A probe.</summary>
/// <param name="Reply">What came of it.</param>
/// <param name="From">Source of the answer.</param>
/// <param name="Mss">What a SYN-ACK says; null: nothing.</param>
/// <param name="Detail">For people.</param>
public sealed record ProbeEvidence(ProbeReply Reply, IPAddress? From = null, int? Mss = null, string Detail = "");

/// <summary>Large packets on the way to a server.</summary>
/// <param name="ExpectedBytes">Bytes of the inner packet that fit by the director's interface.</param>
/// <param name="PassedBytes">The largest that was answered; null: not even a small one.</param>
/// <param name="RouterReport">MTU that a router on the way named, and who; null: nobody.</param>
public sealed record PacketSizeEvidence(int ExpectedBytes, int? PassedBytes, string? RouterReport);
