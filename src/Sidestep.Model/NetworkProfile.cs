using System.Net;

namespace Sidestep.Model;

/// <summary>How the traffic of a service reaches its real servers.</summary>
public sealed record NetworkProfile
{
    /// <summary>Unique among the profiles.</summary>
    public required string Name { get; init; }

    /// <summary>Which protocol the profile is for; the services that use it must agree. Null: either.</summary>
    public ProfileType? Type { get; init; }

    /// <summary>Layer 3 unless said otherwise (L3-02).</summary>
    public DsrType DsrType { get; init; } = DsrType.L3;

    /// <summary>The outer header of layer 3; has no meaning at layer 2.</summary>
    public Encapsulation Encapsulation { get; init; } = Encapsulation.IpIp;

    /// <summary>UDP port of GUE at the real servers.</summary>
    public int GuePort { get; init; } = DefaultGuePort;

    /// <summary>Where the outer source address comes from for servers of IPv4: null for the director's address, else an
    /// address of this prefix that differs per flow, so that servers spread flows over their receive queues. No meaning at
    /// layer 2, and none for GUE, whose source port differs per flow.</summary>
    public IPNetwork? OuterSource4 { get; init; }

    /// <summary>The same for servers of IPv6.</summary>
    public IPNetwork? OuterSource6 { get; init; }

    /// <summary>What happens to a packet that is too big with its outer header.</summary>
    public OversizedPolicy Oversized { get; init; } = OversizedPolicy.Icmp;

    /// <summary>When flows that are remembered are forgotten.</summary>
    public IdleTimeouts IdleTimeouts { get; init; } = IdleTimeouts.Default;

    /// <summary>While a slot is on its way to another server: whether a UDP packet of no remembered flow stays with the former
    /// one or moves. UDP has no SYN that would tell new flows from old ones.</summary>
    public UdpRebalancePolicy UdpOnRebalance { get; init; } = UdpRebalancePolicy.Stay;

    /// <summary>The port that IANA gave to GUE.</summary>
    public const int DefaultGuePort = 6080;

    /// <summary>The profile of a service that names none: layer 3 with IP-in-IP.</summary>
    public static NetworkProfile Default { get; } = new() { Name = "default" };
}

/// <summary>What a network profile is for (PRO-01).</summary>
public enum ProfileType
{
    /// <summary>TCP, layer 4 only: the director never ends a connection.</summary>
    TcpFastPath,

    /// <summary>UDP.</summary>
    UdpFastPath,
}

/// <summary>How a packet is carried to the real server.</summary>
public enum DsrType
{
    /// <summary>New Ethernet addresses, nothing else: the server is on a directly attached network.</summary>
    L2,

    /// <summary>Encapsulated: the server may be routers away.</summary>
    L3,
}

/// <summary>The outer header of layer-3 DSR. Its family is that of the real server's address, whatever the VIP's.</summary>
public enum Encapsulation
{
    /// <summary>IP in IP, protocols 4 and 41 (RFC 2003, RFC 2473, RFC 4213).</summary>
    IpIp,

    /// <summary>Generic UDP Encapsulation, variant 0 (draft-ietf-intarea-gue).</summary>
    Gue,

    /// <summary>Generic Routing Encapsulation without options (RFC 2784).</summary>
    Gre,
}

/// <summary>What happens to a packet that is too big for the way to its server.</summary>
public enum OversizedPolicy
{
    /// <summary>The client is told the size that fits, at a bounded rate (RFC 1191, RFC 8201).</summary>
    Icmp,

    /// <summary>The outer packet is fragmented; the server puts it together.</summary>
    Fragment,

    /// <summary>Dropped and counted.</summary>
    Drop,
}

/// <summary>Where a UDP packet of no remembered flow goes while its slot is in transition.</summary>
public enum UdpRebalancePolicy
{
    /// <summary>To the former server.</summary>
    Stay,

    /// <summary>To the new server.</summary>
    Move,
}

/// <summary>Seconds without a packet after which a flow is forgotten (DSR-09). A FIN ends nothing (DSR-08), unless said so.</summary>
/// <param name="Tcp">1 to 86400.</param>
/// <param name="Udp">1 to 86400.</param>
/// <param name="Icmp">1 to 86400; also every other protocol.</param>
/// <param name="AfterFin">From the client's FIN on, or null: as before (C-21).</param>
/// <param name="AfterRst">From the client's RST on, or null: as before.</param>
public sealed record IdleTimeouts(int Tcp, int Udp, int Icmp, int? AfterFin = null, int? AfterRst = null)
{
    /// <summary>3600, 120 and 2 seconds.</summary>
    public static IdleTimeouts Default { get; } = new(3600, 120, 2);
}
