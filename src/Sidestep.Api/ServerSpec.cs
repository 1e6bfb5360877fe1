using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Api;

/// <summary>What a director wants of one real server: the whole wish, not a difference.</summary>
/// <remarks>Also the form of a local file of duties, for servers whose director has no API.</remarks>
public sealed record ServerSpec
{
    /// <summary>Another number says that something else is wanted, and nothing more: it may be smaller after a restart.</summary>
    public long Revision { get; init; }

    /// <summary>Name of the director.</summary>
    public string Director { get; init; } = "";

    /// <summary>Version of the director's program; empty in a local file.</summary>
    public string DirectorVersion { get; init; } = "";

    /// <summary>Addresses of the directors, of both families: what probes come from, and what outer headers come from where a service
    /// names no <see cref="ServiceSpec.OuterSources"/>.</summary>
    public ImmutableArray<IPAddress> Directors { get; init; } = [];

    /// <summary>The services that this server answers for.</summary>
    public ImmutableArray<ServiceSpec> Services { get; init; } = [];

    /// <summary>How often a report is wanted at least.</summary>
    public int ReportIntervalMilliseconds { get; init; } = 2000;

    /// <summary>When the director answered, by its wall clock; the agent's own tells the skew. Null in a local file.</summary>
    public DateTimeOffset? Issued { get; init; }
}

/// <summary>One virtual service, as a real server has to know it.</summary>
public sealed record ServiceSpec
{
    /// <summary>Name of the virtual service.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its VIPs; a single address has the longest prefix.</summary>
    public required ImmutableArray<IPNetwork> Vips { get; init; }

    /// <summary><c>tcp</c>, <c>udp</c> or <c>any</c>.</summary>
    public string Protocol { get; init; } = "any";

    /// <summary>As in the configuration: <c>80</c>, <c>8000-8099</c>, <c>any</c>.</summary>
    public ImmutableArray<string> Ports { get; init; } = ["any"];

    /// <summary><c>l2</c> or <c>l3</c>.</summary>
    public string Dsr { get; init; } = DsrTypes.Layer2;

    /// <summary><c>ipip</c>, <c>gue</c> or <c>gre</c>; null at layer 2.</summary>
    public string? Encapsulation { get; init; }

    /// <summary>UDP port of <c>gue</c>.</summary>
    public int? GuePort { get; init; }

    /// <summary>Prefixes that outer source addresses are taken from; empty: <see cref="ServerSpec.Directors"/>.</summary>
    public ImmutableArray<IPNetwork> OuterSources { get; init; } = [];

    /// <summary>The address that outer headers are sent to: the server's own. Also at layer 2.</summary>
    public IPAddress? Server { get; init; }

    /// <summary>What fits between director and server.</summary>
    public PathMtu? PathMtu { get; init; }
}

/// <summary>The words for the DSR type.</summary>
public static class DsrTypes
{
    /// <summary>New Ethernet addresses.</summary>
    public const string Layer2 = "l2";

    /// <summary>An outer header.</summary>
    public const string Layer3 = "l3";
}

/// <summary>How large packets may be between a director and a server.</summary>
/// <param name="DirectorMtu">Largest IP datagram on the director's way out, bytes.</param>
/// <param name="Overhead">Bytes that the outer headers take; 0 at layer 2.</param>
/// <param name="Mss4">Largest TCP segment (payload bytes) of an IPv4 VIP that fits: what SYN-ACKs are clamped to.</param>
/// <param name="Mss6">The same of an IPv6 VIP.</param>
public sealed record PathMtu(int DirectorMtu, int Overhead, int Mss4, int Mss6);
