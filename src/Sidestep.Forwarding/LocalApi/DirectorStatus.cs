using System.Globalization;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>Status of a running director.</summary>
/// <param name="Revision">Number of changes since the tables were created.</param>
/// <param name="AppliedAt">Time of the last change.</param>
/// <param name="Interfaces">The attached interfaces.</param>
/// <param name="Services">The services, by name.</param>
/// <param name="Groups">The groups, by name.</param>
/// <param name="Responses">Frames that were answered, punted or delivered locally, by decision.</param>
/// <param name="Drops">Dropped frames; every reason is present.</param>
/// <param name="FlowsEvicted">Flows that were evicted from a full bucket of the flow table before they were
/// idle.</param>
/// <param name="FragmentsEvicted">Datagrams that were evicted from the fragment table before they timed out.</param>
public sealed record DirectorStatus(
    long Revision,
    DateTimeOffset AppliedAt,
    IReadOnlyList<AttachedInterface> Interfaces,
    IReadOnlyList<ServiceStatus> Services,
    IReadOnlyList<GroupStatus> Groups,
    IReadOnlyDictionary<Decision, Counter> Responses,
    IReadOnlyDictionary<DropReason, Counter> Drops,
    ulong FlowsEvicted,
    ulong FragmentsEvicted)
{
    /// <summary>True if at least one interface is attached.</summary>
    public bool IsAttached => Interfaces.Any(static i => i.Driver is not null);

    /// <summary>The forwarding threads; empty when the kernel forwards.</summary>
    public IReadOnlyList<WorkerStatus> Workers { get; init; } = [];
}

/// <summary>Status and counters of one virtual service.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Matches">The packets that it matches: each VIP with protocol and ports.</param>
/// <param name="Group">The group that it chooses servers from.</param>
/// <param name="HasServers">False: no slot has a server, and its packets are dropped.</param>
/// <param name="Forwarded">Frames forwarded to real servers.</param>
public sealed record ServiceStatus(
    string Name, IReadOnlyList<string> Matches, GroupKey Group, bool HasServers, Counter Forwarded);

/// <summary>Status of one group: a pool that is reached by one encapsulation.</summary>
/// <param name="Key">Pool and encapsulation.</param>
/// <param name="Servers">The servers, by name.</param>
public sealed record GroupStatus(GroupKey Key, IReadOnlyList<ServerStatus> Servers);

/// <summary>Status and counters of a real server in one group.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Weight">Weight in the configuration; 0 when it accepts no new flows.</param>
/// <param name="State">Its state: it serves, or why it does not.</param>
/// <param name="Slots">Number of its slots.</param>
/// <param name="Flows">Number of its tracked flows.</param>
/// <param name="Forwarded">Frames forwarded to it, for all services of the group.</param>
public sealed record ServerStatus(
    string Name, IPAddress Address, int Weight, ServerCondition State, int Slots, long Flows, Counter Forwarded);

/// <summary>The state of a real server: it accepts traffic, or why it does not.</summary>
public enum ServerCondition
{
    /// <summary>It accepts traffic, new flows included.</summary>
    Serving,

    /// <summary>It is disabled, or its weight is 0.</summary>
    Disabled,

    /// <summary>It drains: it keeps the flows that it has and accepts no new ones.</summary>
    Draining,

    /// <summary>It has no next hop: its address, or that of its router, is not resolved.</summary>
    Unresolved,

    /// <summary>Its health monitors report it unhealthy, or have not yet reported it healthy.</summary>
    Failed,
}

/// <summary>Texts about the packets that a service matches, for people.</summary>
public static class MatchText
{
    /// <summary>A text such as <c>203.0.113.10 tcp 80</c>.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="first">The first number of the interval, see <see cref="PortMap.Key"/>.</param>
    /// <param name="last">The last number of the interval, inclusive.</param>
    public static string Of(IPNetwork vip, int first, int last) =>
        $"{PrefixText.Of(vip)} {Ports(first, last)}";

    private static string Ports(int first, int last)
    {
        const int Tcp = (int)TransportProtocol.Tcp, Udp = (int)TransportProtocol.Udp;
        var protocol = first >> 16;
        if (protocol != last >> 16 || protocol is not (Tcp or Udp))
        {
            return first == 0 && last == PortMap.MaxKey ? "any"
                : string.Create(CultureInfo.InvariantCulture, $"protocols {protocol} to {last >> 16}");
        }
        return $"{(protocol == Tcp ? "tcp" : "udp")} {new PortRange((ushort)first, (ushort)last)}";
    }
}
