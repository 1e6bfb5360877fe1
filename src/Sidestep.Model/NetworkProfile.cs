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

/// <summary>The outer header of layer-3 DSR.</summary>
public enum Encapsulation
{
    /// <summary>IPv4 in IPv4, protocol 4 (RFC 2003).</summary>
    IpIp,
}
