using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api;

/// <summary>The report of an agent on its host. Each report is complete.</summary>
public sealed record AgentReport
{
    /// <summary>Version of the agent's program, such as <c>1.2.0</c>.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>Host name of the real server; empty: unknown.</summary>
    public string HostName { get; init; } = "";

    /// <summary><c>linux</c> or <c>windows</c>.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>Version of the kernel, such as <c>6.12.38</c>; empty: unknown.</summary>
    public string Kernel { get; init; } = "";

    /// <summary>The host's wall clock when the agent sent the report.</summary>
    public required DateTimeOffset WallClock { get; init; }

    /// <summary>A random value, new with every start of the agent: the counters of another instance do not
    /// continue.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Number of the report of this instance, from 1.</summary>
    public long Sequence { get; init; }

    /// <summary>The newest <see cref="ReportResponse.ReportEpoch"/> that the agent had received from this director
    /// before it inspected the host for this report; 0: none. So the director knows what a report is later than,
    /// without clocks.</summary>
    public long ReportEpoch { get; init; }

    /// <summary>Revision of the newest spec that the agent has applied as far as possible; 0: none.</summary>
    public long SpecRevision { get; init; }

    /// <summary>False if the agent only reports and repairs nothing.</summary>
    public bool Reconciles { get; init; } = true;

    /// <summary>Every condition of a real server, whether it is met or not.</summary>
    public ImmutableArray<Condition> Conditions { get; init; } = [];

    /// <summary>Changes that other programs or people made, the newest last; a limited number.</summary>
    public ImmutableArray<Drift> Drifts { get; init; } = [];

    /// <summary>Totals since the host or its filters started, by name: <see cref="AgentCounterNames"/>.</summary>
    public ImmutableDictionary<string, long> Counters { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>TCP handshakes, one entry per VIP of the spec; empty: the agent does not count them.</summary>
    public ImmutableArray<VipTraffic> Traffic { get; init; } = [];

    /// <summary>Listening TCP and UDP sockets; a limited number.</summary>
    public ImmutableArray<Listener> Listeners { get; init; } = [];

    /// <summary>Default routes; a family without one has none.</summary>
    public ImmutableArray<DefaultRoute> DefaultRoutes { get; init; } = [];

    /// <summary>Network devices and their addresses.</summary>
    public ImmutableArray<Device> Devices { get; init; } = [];

    /// <summary>Packet filters that may drop the traffic, one line each, for people.</summary>
    public ImmutableArray<string> FilterHints { get; init; } = [];

    /// <summary>The state that the operator of the host has requested: <c>enabled</c> or <c>draining</c>.</summary>
    public string AdminState { get; init; } = AdminStates.Enabled;

    /// <summary>True if no condition is wrong.</summary>
    public bool IsHealthy => Conditions.All(static c => c.Status != ConditionStatus.Wrong);
}

/// <summary>The result of the check of a condition.</summary>
public enum ConditionStatus
{
    /// <summary>The condition is met; nothing to do.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>The condition is not met, and the server is not healthy.</summary>
    [JsonStringEnumMemberName("wrong")]
    Wrong,

    /// <summary>The operator should know about it, but the server is healthy.</summary>
    [JsonStringEnumMemberName("note")]
    Note,
}

/// <summary>A requirement of a real server, which the agent verifies.</summary>
/// <param name="Name">Name of the condition, one of <see cref="ConditionNames"/>; stable across versions.</param>
/// <param name="Subject">The VIP or the device that it is about; empty: the host.</param>
/// <param name="Status">The result of the check.</param>
/// <param name="Found">The value or setting that the agent found.</param>
/// <param name="Expected">The value that meets the condition.</param>
/// <param name="Remedy">The command or setting that repairs it; empty: none is needed.</param>
public sealed record Condition(string Name, string Subject, ConditionStatus Status, string Found, string Expected,
    string Remedy);

/// <summary>A condition that was met until another program or a person changed the host.</summary>
/// <param name="Name">The condition, one of <see cref="ConditionNames"/>.</param>
/// <param name="Subject">The VIP or the device that it is about; empty: the host.</param>
/// <param name="Found">The value or setting that the agent found.</param>
/// <param name="Noticed">When, by the host's wall clock.</param>
/// <param name="Repaired">When the condition was met again; null: it is not.</param>
/// <param name="Times">How often the same change happened; repetitions are reported as one drift.</param>
public sealed record Drift(string Name, string Subject, string Found, DateTimeOffset Noticed, DateTimeOffset? Repaired,
    int Times = 1);

/// <summary>TCP handshakes with a VIP on the host's devices, counted before every local ingress filter and after every
/// local egress filter.</summary>
/// <param name="Vip">The VIP.</param>
/// <param name="SynReceived">Segments with SYN and without ACK to the VIP, without an outer header.</param>
/// <param name="SynAckSent">Segments with SYN and ACK from the VIP.</param>
/// <param name="ResetsSent">Segments with RST from the VIP.</param>
public sealed record VipTraffic(IPAddress Vip, long SynReceived, long SynAckSent, long ResetsSent = 0);

/// <summary>A TCP or UDP socket that listens on the host.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Address">The bound address; 0.0.0.0 and :: are any address.</param>
/// <param name="Port">The bound port.</param>
/// <param name="Program">Name of the process; null: unknown.</param>
public sealed record Listener(string Protocol, IPAddress Address, int Port, string? Program = null);

/// <summary>A default route of the host, for one address family.</summary>
/// <param name="Family">4 or 6.</param>
/// <param name="Device">The egress device.</param>
/// <param name="Gateway">The router; null: all destinations are on the link.</param>
/// <param name="GatewayMac">The router's MAC address, such as <c>02:00:00:00:00:01</c>; null: unknown.</param>
public sealed record DefaultRoute(int Family, string Device, IPAddress? Gateway, string? GatewayMac);

/// <summary>A network device of the host.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Mac">The MAC address; empty: it has none.</param>
/// <param name="Mtu">MTU, bytes.</param>
/// <param name="IsUp">True if it is administratively up (IFF_UP).</param>
/// <param name="Addresses">Addresses with their prefix lengths, such as <c>10.0.0.11/24</c>.</param>
/// <param name="Offloads">The offloads that are on, by ethtool's names, as far as the agent can read them.</param>
public sealed record Device(string Name, string Mac, int Mtu, bool IsUp, ImmutableArray<string> Addresses,
    ImmutableArray<string> Offloads);

/// <summary>The states that the operator of a real server can request.</summary>
public static class AdminStates
{
    /// <summary>The server gets new flows.</summary>
    public const string Enabled = "enabled";

    /// <summary>The server keeps its flows and gets no new ones.</summary>
    public const string Draining = "draining";
}

/// <summary>The director's response to a report.</summary>
public sealed record ReportResponse
{
    /// <summary>Revision of the newest spec of this server.</summary>
    public long SpecRevision { get; init; }

    /// <summary>Milliseconds after which the agent sends its next report; null: the usual interval. The director
    /// expedites reports while its doctor waits for them.</summary>
    public int? NextReportMilliseconds { get; init; }

    /// <summary>A number that the agent returns with every report that it makes from now on. It only grows.</summary>
    public long ReportEpoch { get; init; }

    /// <summary>The director's wall clock when it sent the response.</summary>
    public DateTimeOffset WallClock { get; init; }
}

/// <summary>A request of a real server's operator to drain the server, or to end the drain.</summary>
/// <param name="State">One of <see cref="AdminStates"/>.</param>
public sealed record DrainRequest(string State);
