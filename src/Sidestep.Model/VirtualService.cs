using System.Net;

namespace Sidestep.Model;

/// <summary>What clients address: a VIP, a protocol and a port, served by a pool.</summary>
public sealed record VirtualService
{
    /// <summary>Unique among the services.</summary>
    public required string Name { get; init; }

    /// <summary>The shared address. Never a local address of the director.</summary>
    public required IPAddress Vip { get; init; }

    /// <summary>TCP or UDP.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>1 to 65535; the real servers listen on the same one (DSR-05).</summary>
    public required int Port { get; init; }

    /// <summary>Name of the pool.</summary>
    public required string Pool { get; init; }

    /// <summary>Name of the network profile, or null for <see cref="Model.NetworkProfile.Default"/>.</summary>
    public string? NetworkProfile { get; init; }

    /// <summary>False: the director treats the service as absent.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>False: packets that arrive are forwarded, but the director neither answers ARP or echo for the VIP nor
    /// advertises it (L3-06).</summary>
    public bool TrafficEnabled { get; init; } = true;
}

/// <summary>Transport protocols that a service can have, with their IP protocol numbers.</summary>
public enum TransportProtocol
{
    /// <summary>RFC 9293.</summary>
    Tcp = 6,

    /// <summary>RFC 768.</summary>
    Udp = 17,
}
