using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>Derives the spec of each real server from what the director forwards to it.</summary>
/// <remarks>Pure. A server is identified by its name or its address: one name in several pools is one host.</remarks>
public sealed class ServerSpecCompiler
{
    private readonly Configuration _desired;
    private readonly NextHops _nextHops;
    private readonly ILookup<string, (Pool Pool, RealServer Server)> _byKey;
    private readonly ILookup<string, VirtualService> _byPool;

    /// <summary>Creates the compiler of the specs of an applied configuration.</summary>
    public ServerSpecCompiler(EffectiveConfiguration configuration, NextHops nextHops)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _desired = configuration.Desired;
        _nextHops = nextHops;
        _byKey = configuration.Pools
            .SelectMany(static p => p.Servers.SelectMany(s => Keys(s).Select(k => (Key: k, Pool: p, Server: s))))
            .ToLookup(static e => e.Key, static e => (e.Pool, e.Server), StringComparer.Ordinal);
        _byPool = _desired.VirtualServices.Where(static s => s.Enabled)
            .SelectMany(s => configuration.PoolsOf(s).Select(p => (Service: s, Pool: p)))
            .ToLookup(static e => e.Pool, static e => e.Service, StringComparer.Ordinal);
    }

    /// <summary>True if a real server has this name or address.</summary>
    public bool Knows(string server) => _byKey.Contains(server);

    /// <summary>The name of a server in the configuration; the argument itself when there is no such server.</summary>
    public string NameOf(string server) => _byKey[server].Select(static s => s.Server.Name).FirstOrDefault(server);

    /// <summary>The own addresses of the servers with this name or address; none when there is no such
    /// server.</summary>
    public IEnumerable<IPAddress> AddressesOf(string server) =>
        _byKey[server].Select(static s => s.Server.Address).Distinct();

    /// <summary>The spec of a server, without the time of issue; null when there is no such server.</summary>
    /// <param name="server">Its name or its address.</param>
    /// <param name="version">Version of the director's program.</param>
    public ServerSpec? SpecFor(string server, string version)
    {
        if (!Knows(server))
            return null;
        var spec = new ServerSpec
        {
            Director = _desired.Director.Name,
            DirectorVersion = version,
            Directors = Directors(),
            Services = [.. _byKey[server].SelectMany(m => _byPool[m.Pool.Name].Select(s => ServiceSpecOf(s, m.Server)))
                .OrderBy(static d => d.Name, StringComparer.Ordinal)],
        };
        return spec with { Revision = RevisionOf(spec) };
    }

    /// <summary>Addresses of this director and of its peers.</summary>
    private ImmutableArray<IPAddress> Directors() =>
    [
        .. _nextHops.Interfaces.SelectMany(static i => new[] { i.Address, i.Address6 }).OfType<IPAddress>()
            .Concat(_desired.Director.Peers).Distinct().OrderBy(static a => a.ToString(), StringComparer.Ordinal),
    ];

    private ServiceSpec ServiceSpecOf(VirtualService service, RealServer server)
    {
        var profile = _desired.ProfileOf(service);
        var encap = server.Encapsulation is { } own && profile.DsrType == DsrType.L3 ? Encap.Of(profile, own)
            : Encap.Of(profile);
        return new ServiceSpec
        {
            Name = service.Name,
            Vips = service.Vips,
            Protocol = service.Protocol.ToString().ToLowerInvariant(),
            Ports = [.. service.Ports.Select(static p => p.ToString())],
            Dsr = encap.Encapsulation is null ? DsrTypes.Layer2 : DsrTypes.Layer3,
            Encapsulation = encap.Encapsulation?.ToString().ToLowerInvariant(),
            GuePort = encap.Encapsulation == Encapsulation.Gue ? encap.GuePort : null,
            OuterSources = OuterSource(encap, server.Address) is { } prefix ? [prefix] : [],
            Server = server.Address,
            PathMtu = PathMtuOf(encap, server.Address),
        };
    }

    private static IPNetwork? OuterSource(Encap encap, IPAddress server) =>
        server.AddressFamily == AddressFamily.InterNetwork ? encap.OuterSource4 : encap.OuterSource6;

    /// <summary>MTU and MSS of the path to a server, by the MTU of the egress interface; null when the next hop is not
    /// known.</summary>
    public PathMtu? PathMtuOf(Encap encap, IPAddress server)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (!_nextHops.Servers.TryGetValue(server, out var nextHop))
            return null;
        var overhead = EncapOverhead.Of(encap.Encapsulation, server.AddressFamily);
        var inner = nextHop.Egress.MtuBytes - overhead;
        return new PathMtu(nextHop.Egress.MtuBytes, overhead, inner - EncapOverhead.Ipv4TcpHeaderBytes,
            inner - EncapOverhead.Ipv6TcpHeaderBytes);
    }

    private static IEnumerable<string> Keys(RealServer server) => [server.Name, server.Address.ToString()];

    /// <summary>Equal specs have the same revision, also after a restart and on every director. It fits into 53 bits,
    /// as JSON numbers do (RFC 8259, section 6).</summary>
    private static long RevisionOf(ServerSpec spec)
    {
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec, ApiJson.Default.ServerSpec));
        return BinaryPrimitives.ReadInt64LittleEndian(hash) & (1L << 53) - 1;
    }
}

/// <summary>Lengths of headers, in bytes.</summary>
public static class EncapOverhead
{
    /// <summary>IPv4 and TCP headers without options.</summary>
    public const int Ipv4TcpHeaderBytes = 40;

    /// <summary>IPv6 and TCP headers without options.</summary>
    public const int Ipv6TcpHeaderBytes = 60;

    /// <summary>Length of the outer headers in front of an inner datagram: IP, and UDP with GUE (RFC 768), or GRE (RFC
    /// 2784).</summary>
    /// <param name="encapsulation">Null: layer 2, without outer header.</param>
    /// <param name="outer">Address family of the outer IP header.</param>
    public static int Of(Encapsulation? encapsulation, AddressFamily outer)
    {
        const int udp = 8, gue = 4, gre = 4;
        var ip = outer == AddressFamily.InterNetwork ? 20 : 40;
        return encapsulation switch
        {
            null => 0,
            Encapsulation.IpIp => ip,
            Encapsulation.Gue => ip + udp + gue,
            Encapsulation.Gre => ip + gre,
            _ => throw new ArgumentOutOfRangeException(nameof(encapsulation)),
        };
    }
}
