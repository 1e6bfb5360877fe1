using System.Globalization;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>What a director does right now.</summary>
/// <param name="Revision">Counts the changes since the tables were made.</param>
/// <param name="AppliedAt">When the last one was made.</param>
/// <param name="Interfaces">What packets are taken from.</param>
/// <param name="Services">By name.</param>
/// <param name="Groups">Pools and how they are reached, by name.</param>
/// <param name="Responses">ARP and echo requests that it answered.</param>
/// <param name="Drops">What it dropped; every reason is there.</param>
/// <param name="FlowsEvicted">Remembered flows that had to make room for others before they were idle.</param>
/// <param name="FragmentsEvicted">Fragmented datagrams likewise.</param>
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
    /// <summary>True when packets are taken from at least one interface.</summary>
    public bool IsAttached => Interfaces.Any(static i => i.Driver is not null);

    /// <summary>Threads that forward; none where the kernel does.</summary>
    public IReadOnlyList<WorkerStatus> Workers { get; init; } = [];
}

/// <summary>A virtual service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Matches">Each VIP with protocol and ports.</param>
/// <param name="Group">The servers that it chooses from.</param>
/// <param name="HasServers">False: everything for it is dropped.</param>
/// <param name="Forwarded">To real servers.</param>
public sealed record ServiceStatus(string Name, IReadOnlyList<string> Matches, GroupKey Group, bool HasServers, Counter Forwarded);

/// <summary>A pool, reached in one way.</summary>
/// <param name="Key">Which.</param>
/// <param name="Servers">By name.</param>
public sealed record GroupStatus(GroupKey Key, IReadOnlyList<ServerStatus> Servers);

/// <summary>A real server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Weight">Its weight, 0 when it is switched off.</param>
/// <param name="State">Whether it takes traffic.</param>
/// <param name="Slots">Its share of the slot table.</param>
/// <param name="Flows">Remembered flows of it.</param>
/// <param name="Forwarded">To it, for all services of the group.</param>
public sealed record ServerStatus(string Name, IPAddress Address, int Weight, ServerCondition State, int Slots, long Flows, Counter Forwarded);

/// <summary>Whether a server takes traffic.</summary>
public enum ServerCondition
{
    /// <summary>It does.</summary>
    Serving,

    /// <summary>Switched off, or weight 0.</summary>
    Disabled,

    /// <summary>It keeps the flows that it has.</summary>
    Draining,

    /// <summary>No next hop is known.</summary>
    Unresolved,

    /// <summary>Its monitors say that it is not fit for traffic, or have not yet said that it is.</summary>
    Failed,
}

/// <summary>What a service takes, for people.</summary>
public static class MatchText
{
    /// <summary><c>203.0.113.10 tcp 80</c>.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="first">Protocol and port, as <see cref="PortMap.Key"/> makes them.</param>
    /// <param name="last">The end of the interval.</param>
    public static string Of(IPNetwork vip, int first, int last)
    {
        var isSingle = vip.PrefixLength == vip.BaseAddress.GetAddressBytes().Length * 8;
        return $"{(isSingle ? vip.BaseAddress.ToString() : vip.ToString())} {Ports(first, last)}";
    }

    private static string Ports(int first, int last)
    {
        const int Tcp = (int)TransportProtocol.Tcp, Udp = (int)TransportProtocol.Udp;
        var protocol = first >> 16;
        if (protocol != last >> 16 || protocol is not (Tcp or Udp))
            return first == 0 && last == PortMap.MaxKey ? "any" : string.Create(CultureInfo.InvariantCulture, $"protocols {protocol} to {last >> 16}");
        return $"{(protocol == Tcp ? "tcp" : "udp")} {new PortRange((ushort)first, (ushort)last)}";
    }
}
