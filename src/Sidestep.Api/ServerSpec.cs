using System.Collections.Immutable;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.Api;

/// <summary>The desired state of one real server. A spec is always complete, never a difference.</summary>
/// <remarks>It is also the content of a spec file, for servers whose director has no API.</remarks>
public sealed record ServerSpec
{
    /// <summary>Another number means another content. It is not ordered: it may be smaller after a restart of the
    /// director.</summary>
    public long Revision { get; init; }

    /// <summary>Name of the director; may be empty in a local file.</summary>
    public string Director { get; init; } = "";

    /// <summary>Version of the director; empty in a local file.</summary>
    public string DirectorVersion { get; init; } = "";

    /// <summary>Addresses of the directors, of both families: the sources of probes, and of outer headers of services
    /// without <see cref="ServiceSpec.OuterSources"/>.</summary>
    public ImmutableArray<IPAddress> Directors { get; init; } = [];

    /// <summary>The services of this server.</summary>
    public ImmutableArray<ServiceSpec> Services { get; init; } = [];

    /// <summary>The longest interval between two reports, milliseconds.</summary>
    public int ReportIntervalMilliseconds { get; init; } = 2000;

    /// <summary>When the director sent the spec, by its wall clock, so that the agent can compute the clock skew; null
    /// in a local file.</summary>
    public DateTimeOffset? Issued { get; init; }
}

/// <summary>One virtual service, as a real server needs to know it.</summary>
public sealed record ServiceSpec
{
    /// <summary>Name of the virtual service.</summary>
    public string Name { get; init; } = "";

    /// <summary>The VIPs of the service. A single address is a prefix of full length.</summary>
    public required ImmutableArray<IPNetwork> Vips { get; init; }

    /// <summary><c>tcp</c>, <c>udp</c> or <c>any</c>.</summary>
    public string Protocol { get; init; } = "any";

    /// <summary>The ports of the service, written as in the configuration: <c>80</c>, <c>8000-8099</c>,
    /// <c>any</c>.</summary>
    public ImmutableArray<string> Ports { get; init; } = ["any"];

    /// <summary>DSR type, one of <see cref="DsrTypes"/>: <c>l2</c> or <c>l3</c>.</summary>
    public string Dsr { get; init; } = DsrTypes.Layer2;

    /// <summary><c>ipip</c>, <c>gue</c> or <c>gre</c>; null at layer 2.</summary>
    public string? Encapsulation { get; init; }

    /// <summary>UDP port of <c>gue</c>; null with other encapsulations.</summary>
    public int? GuePort { get; init; }

    /// <summary>Prefixes of the outer source addresses; empty: <see cref="ServerSpec.Directors"/>.</summary>
    public ImmutableArray<IPNetwork> OuterSources { get; init; } = [];

    /// <summary>The destination of outer headers: the server's own address. Present at layer 2, too.</summary>
    public IPAddress? Server { get; init; }

    /// <summary>The packet sizes that fit between director and server; null: unknown.</summary>
    public PathMtu? PathMtu { get; init; }
}

/// <summary>Values of <see cref="ServiceSpec.Dsr"/>.</summary>
public static class DsrTypes
{
    /// <summary>Layer-2 DSR: frames get new MAC addresses, and the server is on an attached network.</summary>
    public const string Layer2 = "l2";

    /// <summary>Layer-3 DSR: packets get an outer header, and the server may be routers away.</summary>
    public const string Layer3 = "l3";
}

/// <summary>The packet sizes that fit between a director and a server.</summary>
/// <param name="DirectorMtu">MTU of the director's route to the server, bytes: that of the egress interface, unless the
/// route has a smaller one.</param>
/// <param name="Overhead">Bytes of the outer headers; 0 at layer 2.</param>
/// <param name="Mss4">Largest TCP segment (payload bytes) of an IPv4 VIP that fits: the value that SYN-ACKs are clamped
/// to.</param>
/// <param name="Mss6">The same for an IPv6 VIP.</param>
public sealed record PathMtu(int DirectorMtu, int Overhead, int Mss4, int Mss6)
{
    /// <summary>The sizes that fit: headers without IP and TCP options, as the MSS is defined (RFC 6691 section
    /// 2).</summary>
    /// <param name="directorMtu">MTU of the director's route to the server, bytes.</param>
    /// <param name="overhead">Bytes of the outer headers.</param>
    public static PathMtu Of(int directorMtu, int overhead)
    {
        var segment = directorMtu - overhead - TcpPacket.MinimumHeaderLength;
        return new PathMtu(directorMtu, overhead, segment - Ipv4Header.Length, segment - Ipv6Header.Length);
    }
}
