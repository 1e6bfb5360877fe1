using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>A service that clients connect to: VIPs, a protocol and ports, served by a pool.</summary>
public sealed record VirtualService
{
    /// <summary>Name of the service, 1 to 63 characters; unique among the services.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>Identifies the service.</summary>
    public ServiceKey Key => ServiceKey.InDefault(Name);

    /// <summary>The shared addresses, single ones or prefixes; at least one, of either family. Never a local address of
    /// the director.</summary>
    public required ImmutableArray<IPNetwork> Vips { get; init; }

    /// <summary>TCP, UDP, SCTP, or any protocol.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>Disjoint and ascending; the real servers listen on the same ports. <see cref="PortRange.Any"/>
    /// alone for <see cref="TransportProtocol.Any"/>.</summary>
    public required ImmutableArray<PortRange> Ports { get; init; }

    /// <summary>Name of the pool that the service chooses its servers from.</summary>
    public required string Pool { get; init; }

    /// <summary>Identifies that pool.</summary>
    public PoolKey PoolKey => PoolKey.InDefault(Pool);

    /// <summary>Name of the network profile; null: <see cref="Model.NetworkProfile.Default"/>.</summary>
    public string? NetworkProfile { get; init; }

    /// <summary>Name of the access list of source addresses; null: every source may use the service (ACE-03).</summary>
    public string? AccessList { get; init; }

    /// <summary>True: each datagram goes to a server by itself, whatever client sent it. Only for UDP, and with a pool
    /// that tracks no flows.</summary>
    public bool OncePerDatagram { get; init; }

    /// <summary>What the sender of a new flow gets while the service has no server for it.</summary>
    public RejectPolicy OnNoServer { get; init; } = RejectPolicy.Drop;

    /// <summary>False: the director ignores the service as if it were not in the file.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>False: the director forwards packets that arrive, but neither replies to ARP, neighbour solicitation or
    /// echo for the VIPs nor advertises them.</summary>
    public bool TrafficEnabled { get; init; } = true;
}

/// <summary>Protocols of services, with their IP protocol numbers.</summary>
public enum TransportProtocol
{
    /// <summary>Every protocol, with ports or without.</summary>
    Any = 0,

    /// <summary>TCP, IP protocol 6 (RFC 9293).</summary>
    Tcp = 6,

    /// <summary>UDP, IP protocol 17 (RFC 768).</summary>
    Udp = 17,

    /// <summary>SCTP, IP protocol 132 (RFC 9260).</summary>
    Sctp = 132,
}

/// <summary>A range of ports, both ends included.</summary>
/// <param name="First">0 to 65535; 0 only in <see cref="Any"/>.</param>
/// <param name="Last">At least <paramref name="First"/>.</param>
public readonly record struct PortRange(ushort First, ushort Last)
{
    /// <summary>All ports, 0 to 65535; also the range of protocols without ports.</summary>
    public static PortRange Any { get; } = new(0, ushort.MaxValue);

    /// <summary>The range that contains a single port.</summary>
    public static PortRange One(int port) => new((ushort)port, (ushort)port);

    /// <summary><c>any</c>, <c>80</c> or <c>8000-8099</c>.</summary>
    public override string ToString() => this == Any ? "any"
        : First == Last ? First.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{First}-{Last}");
}
