using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api;

/// <summary>What an agent says of its host: everything, each time.</summary>
public sealed record AgentReport
{
    /// <summary>Version of the agent's program.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>The host's own name.</summary>
    public string HostName { get; init; } = "";

    /// <summary><c>linux</c> or <c>windows</c>.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>Release of the kernel.</summary>
    public string Kernel { get; init; } = "";

    /// <summary>The host's wall clock when it sent the report.</summary>
    public required DateTimeOffset WallClock { get; init; }

    /// <summary>Random, new with every start of the agent: counters of another one do not continue.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Counts the reports of one instance, from 1.</summary>
    public long Sequence { get; init; }

    /// <summary>The newest <see cref="ReportResponse.ReportEpoch"/> that had come from this director before the host was looked at for this
    /// report; 0: none. So the director knows, without clocks, what a report is later than.</summary>
    public long ReportEpoch { get; init; }

    /// <summary>The newest duties that are carried out as far as they can be; 0: none.</summary>
    public long SpecRevision { get; init; }

    /// <summary>False: it verifies and reports only, and repairs nothing.</summary>
    public bool Reconciles { get; init; } = true;

    /// <summary>Everything that a real server must be or have, met or not.</summary>
    public ImmutableArray<Condition> Conditions { get; init; } = [];

    /// <summary>What somebody else changed, the newest last; a bounded number.</summary>
    public ImmutableArray<Drift> Drifts { get; init; } = [];

    /// <summary>Sums since the host or its filters began, by name: <see cref="AgentCounterNames"/>.</summary>
    public ImmutableDictionary<string, long> Counters { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>Handshakes, per VIP.</summary>
    public ImmutableArray<VipTraffic> Traffic { get; init; } = [];

    /// <summary>What listens, TCP and UDP; a bounded number.</summary>
    public ImmutableArray<Listener> Listeners { get; init; } = [];

    /// <summary>Default routes; none: the family has none.</summary>
    public ImmutableArray<DefaultRoute> DefaultRoutes { get; init; } = [];

    /// <summary>Network devices and their addresses.</summary>
    public ImmutableArray<Device> Devices { get; init; } = [];

    /// <summary>What was found of packet filters that may be in the way: one line each, for people.</summary>
    public ImmutableArray<string> FilterHints { get; init; } = [];

    /// <summary><c>enabled</c> or <c>draining</c>: what the local operator wishes.</summary>
    public string AdminState { get; init; } = AdminStates.Enabled;

    /// <summary>Whether no condition is wrong.</summary>
    public bool IsHealthy => Conditions.All(static c => c.Status != ConditionStatus.Wrong);
}

/// <summary>How a condition is met.</summary>
public enum ConditionStatus
{
    /// <summary>As it must be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>The server is not fit.</summary>
    [JsonStringEnumMemberName("wrong")]
    Wrong,

    /// <summary>Worth knowing; the server is fit all the same.</summary>
    [JsonStringEnumMemberName("note")]
    Note,
}

/// <summary>Something that a real server must be or have.</summary>
/// <param name="Name">What is looked at, one of <see cref="ConditionNames"/>: it stays the same through versions.</param>
/// <param name="Subject">Of which: a VIP, a device; empty: of the host.</param>
/// <param name="Status">How it is met.</param>
/// <param name="Found">What is there.</param>
/// <param name="Expected">What must be there.</param>
/// <param name="Remedy">What to do; empty when nothing is.</param>
public sealed record Condition(string Name, string Subject, ConditionStatus Status, string Found, string Expected, string Remedy);

/// <summary>Something that was right and was changed by somebody else.</summary>
/// <param name="Name">The condition, one of <see cref="ConditionNames"/>.</param>
/// <param name="Subject">Of which.</param>
/// <param name="Found">What somebody made of it.</param>
/// <param name="Noticed">When, by the host's wall clock.</param>
/// <param name="Repaired">When it was right again; null: it is not.</param>
/// <param name="Times">How often, when the same happens again and again: told as one.</param>
public sealed record Drift(string Name, string Subject, string Found, DateTimeOffset Noticed, DateTimeOffset? Repaired, int Times = 1);

/// <summary>What was seen of TCP handshakes with a VIP on the host's devices, before any local filter on the way in and after
/// every one on the way out.</summary>
/// <param name="Vip">The VIP.</param>
/// <param name="SynReceived">SYN without ACK, to the VIP, without outer header.</param>
/// <param name="SynAckSent">SYN with ACK, from the VIP.</param>
/// <param name="ResetsSent">RST from the VIP.</param>
public sealed record VipTraffic(IPAddress Vip, long SynReceived, long SynAckSent, long ResetsSent = 0);

/// <summary>A socket that waits for clients.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Address">The bound address; 0.0.0.0 or :: is any.</param>
/// <param name="Port">The bound port.</param>
/// <param name="Program">Name of the process, if it is known.</param>
public sealed record Listener(string Protocol, IPAddress Address, int Port, string? Program = null);

/// <summary>A default route.</summary>
/// <param name="Family">4 or 6.</param>
/// <param name="Device">The way out.</param>
/// <param name="Gateway">The router; null: everything is on the link.</param>
/// <param name="GatewayMac">The router's Ethernet address, <c>02:00:00:00:00:01</c>; null: not known.</param>
public sealed record DefaultRoute(int Family, string Device, IPAddress? Gateway, string? GatewayMac);

/// <summary>A network device.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Mac">Ethernet address; empty when it has none.</param>
/// <param name="Mtu">Bytes.</param>
/// <param name="IsUp">Administratively.</param>
/// <param name="Addresses">With their prefixes, <c>10.0.0.11/24</c>.</param>
/// <param name="Offloads">Those that are on, by ethtool's names, as far as they can be read.</param>
public sealed record Device(string Name, string Mac, int Mtu, bool IsUp, ImmutableArray<string> Addresses, ImmutableArray<string> Offloads);

/// <summary>The words for what a local operator wishes.</summary>
public static class AdminStates
{
    /// <summary>It serves.</summary>
    public const string Enabled = "enabled";

    /// <summary>It keeps its flows and gets no new ones.</summary>
    public const string Draining = "draining";
}

/// <summary>The director's answer to a report.</summary>
public sealed record ReportResponse
{
    /// <summary>Revision of the duties that it has for this server.</summary>
    public long SpecRevision { get; init; }

    /// <summary>Send the next report after this time instead of the usual interval; null: as usual. Asked for while a doctor waits.</summary>
    public int? NextReportMilliseconds { get; init; }

    /// <summary>To be sent back with every report that is made from now on. It only grows.</summary>
    public long ReportEpoch { get; init; }

    /// <summary>The director's wall clock.</summary>
    public DateTimeOffset WallClock { get; init; }
}

/// <summary>What the operator of a real server asks for.</summary>
/// <param name="State">One of <see cref="AdminStates"/>.</param>
public sealed record DrainRequest(string State);
