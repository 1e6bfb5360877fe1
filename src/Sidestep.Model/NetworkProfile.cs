using System.Net;

namespace Sidestep.Model;

/// <summary>How the traffic of a service reaches its real servers.</summary>
public sealed record NetworkProfile
{
    /// <summary>Name of the profile, 1 to 63 characters; unique among the profiles.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>The protocol of the services that may use the profile; null: all protocols.</summary>
    public ProfileType? Type { get; init; }

    /// <summary>How packets reach the real server; layer 3 by default.</summary>
    public DsrType DsrType { get; init; } = DsrType.L3;

    /// <summary>The outer header at layer 3; ignored at layer 2.</summary>
    public Encapsulation Encapsulation { get; init; } = Encapsulation.IpIp;

    /// <summary>The UDP port on which the real servers receive GUE.</summary>
    public int GuePort { get; init; } = DefaultGuePort;

    /// <summary>Outer source addresses for servers with an IPv4 address. Each flow has its own address from the prefix,
    /// so that servers spread flows over their receive queues. Null: the director's address. Ignored at layer 2, and
    /// with GUE, whose source port differs per flow.</summary>
    public IPNetwork? OuterSource4 { get; init; }

    /// <summary>Prefix of the outer source addresses for servers with an IPv6 address.</summary>
    public IPNetwork? OuterSource6 { get; init; }

    /// <summary>The action for a packet that exceeds the MTU with its outer header.</summary>
    public OversizedPolicy Oversized { get; init; } = OversizedPolicy.Icmp;

    /// <summary>When tracked flows expire.</summary>
    public IdleTimeouts IdleTimeouts { get; init; } = IdleTimeouts.Default;

    /// <summary>The choice of the server for UDP packets of untracked flows while their slot is in transition. UDP has
    /// no SYN that would distinguish new flows from old ones.</summary>
    public UdpRebalancePolicy UdpOnRebalance { get; init; } = UdpRebalancePolicy.Stay;

    /// <summary>The port that IANA assigned to GUE.</summary>
    public const int DefaultGuePort = 6080;

    /// <summary>The profile of a service that names none: layer 3 with IP-in-IP.</summary>
    public static NetworkProfile Default { get; } = new() { Name = "default" };
}

/// <summary>The protocol that a network profile is for.</summary>
public enum ProfileType
{
    /// <summary>TCP at layer 4: the director never terminates a connection.</summary>
    TcpFastPath,

    /// <summary>UDP at layer 4: each datagram is forwarded by its flow.</summary>
    UdpFastPath,
}

/// <summary>How a packet reaches the real server.</summary>
public enum DsrType
{
    /// <summary>With new MAC addresses only: the server is on a directly attached network.</summary>
    L2,

    /// <summary>Encapsulated: the server may be behind routers.</summary>
    L3,
}

/// <summary>The outer header of layer-3 DSR. Its family is that of the real server's address, not of the VIP.</summary>
public enum Encapsulation
{
    /// <summary>IP in IP, protocols 4 and 41 (RFC 2003, RFC 2473, RFC 4213).</summary>
    IpIp,

    /// <summary>Generic UDP Encapsulation, variant 0 (draft-ietf-intarea-gue).</summary>
    Gue,

    /// <summary>Generic Routing Encapsulation without options (RFC 2784).</summary>
    Gre,
}

/// <summary>The action for a packet that exceeds the MTU of the path to its server.</summary>
public enum OversizedPolicy
{
    /// <summary>The director sends the client an ICMP error with the MTU that fits, rate-limited (RFC 1191, RFC
    /// 8201).</summary>
    Icmp,

    /// <summary>The director fragments the outer packet; the server reassembles it.</summary>
    Fragment,

    /// <summary>The director drops and counts the packet.</summary>
    Drop,
}

/// <summary>The choice of the server for a UDP packet of an untracked flow while its slot is in transition.</summary>
public enum UdpRebalancePolicy
{
    /// <summary>To the previous server, which may hold state of the flow.</summary>
    Stay,

    /// <summary>To the new server, at once.</summary>
    Move,
}

/// <summary>Seconds without a packet after which a tracked flow expires. By default a FIN changes nothing.</summary>
/// <param name="Tcp">For TCP, SCTP and DCCP, 1 to 86400.</param>
/// <param name="Udp">For UDP and UDP-Lite, 1 to 86400.</param>
/// <param name="Icmp">For ICMP and every other protocol, 1 to 86400.</param>
/// <param name="AfterFin">From the client's FIN on, 1 to 86400; null: <paramref name="Tcp"/>.</param>
/// <param name="AfterRst">From the client's RST on, 1 to 86400; null: no change.</param>
public sealed record IdleTimeouts(int Tcp, int Udp, int Icmp, int? AfterFin = null, int? AfterRst = null)
{
    /// <summary>The default timeouts: 3600 s for TCP, 120 s for UDP, 2 s for ICMP and others.</summary>
    public static IdleTimeouts Default { get; } = new(3600, 120, 2);
}
