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
    private readonly ILookup<RealServerKey, (Pool Pool, RealServer Server)> _byKey;
    private readonly ILookup<PoolKey, VirtualService> _byPool;

    /// <summary>Creates the compiler of the specs of an applied configuration.</summary>
    public ServerSpecCompiler(EffectiveConfiguration configuration, NextHops nextHops)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _desired = configuration.Desired;
        _nextHops = nextHops;
        _byKey = configuration.Pools
            .SelectMany(static p => p.Servers.SelectMany(s => Keys(s).Select(k => (Key: k, Pool: p, Server: s))))
            .ToLookup(static e => e.Key, static e => (e.Pool, e.Server));
        _byPool = _desired.VirtualServices.Where(static s => s.Enabled)
            .SelectMany(s => configuration.PoolsOf(s).Select(p => (Service: s, Pool: p)))
            .ToLookup(static e => e.Pool, static e => e.Service);
    }

    /// <summary>True if a real server has this name or address.</summary>
    public bool Knows(RealServerKey server) => _byKey.Contains(server);

    /// <summary>The key of a server by its name in the configuration; the argument itself when there is no such
    /// server.</summary>
    public RealServerKey KeyByName(RealServerKey server) =>
        _byKey[server].Select(static s => s.Server.KeyByName).FirstOrDefault(server);

    /// <summary>The own addresses of the servers with this name or address; none when there is no such
    /// server.</summary>
    public IEnumerable<VrfAddress> AddressesOf(RealServerKey server) =>
        _byKey[server].Select(static s => s.Server.VrfAddress).Distinct();

    /// <summary>The spec of a server, without the time of issue; null when there is no such server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="version">Version of the director's program.</param>
    public ServerSpec? SpecFor(RealServerKey server, string version)
    {
        if (!Knows(server))
            return null;
        var spec = new ServerSpec
        {
            Director = _desired.Node.Name,
            DirectorVersion = version,
            Directors = Directors(),
            Services = [.. _byKey[server].SelectMany(m => _byPool[m.Pool.Key].Select(s => ServiceSpecOf(s, m.Server)))
                .OrderBy(static d => d.Name, StringComparer.Ordinal)],
        };
        return spec with { Revision = RevisionOf(spec) };
    }

    /// <summary>Addresses of this director and of its peers.</summary>
    private ImmutableArray<IPAddress> Directors() =>
    [
        .. _nextHops.Interfaces.SelectMany(static i => new[] { i.Address, i.Address6 }).OfType<IPAddress>()
            .Concat(_desired.Group.Peers).Distinct().OrderBy(static a => a.ToString(), StringComparer.Ordinal),
    ];

    private ServiceSpec ServiceSpecOf(VirtualService service, RealServer server)
    {
        var profile = _desired.ProfileOf(service);
        var encap = Encap.Of(profile, server);
        return new ServiceSpec
        {
            Name = service.Name,
            Vips = service.Vips,
            Protocol = service.Protocol.ToString().ToLowerInvariant(),
            Ports = [.. service.Ports.Select(static p => p.ToString())],
            Dsr = encap.Mode == ForwardingMode.L2 ? DsrTypes.Layer2 : DsrTypes.Layer3,
            Encapsulation = encap.Mode == ForwardingMode.L2 ? null : encap.Mode.ToString().ToLowerInvariant(),
            GuePort = encap.Mode == ForwardingMode.Gue ? encap.GuePort : null,
            OuterSources = OuterSource(encap, server.Address) is { } prefix ? [prefix] : [],
            Server = server.Address,
            PathMtu = PathMtuOf(encap, server.VrfAddress),
        };
    }

    private static IPNetwork? OuterSource(Encap encap, IPAddress server) =>
        server.AddressFamily == AddressFamily.InterNetwork ? encap.OuterSource4 : encap.OuterSource6;

    /// <summary>MTU and MSS of the path to a server, by the MTU of the route; null when the next hop is not
    /// known.</summary>
    public PathMtu? PathMtuOf(Encap encap, VrfAddress server)
    {
        if (!_nextHops.Servers.TryGetValue(server, out var nextHop))
            return null;
        return PathMtu.Of(nextHop.Egress.MtuBytes, encap.Mode.OverheadBytes(server.Address.AddressFamily));
    }

    private static IEnumerable<RealServerKey> Keys(RealServer server) => [server.KeyByName, server.KeyByAddress];

    /// <summary>Equal specs have the same revision, also after a restart and on every director. It fits into 53 bits,
    /// as JSON numbers do (RFC 8259, section 6).</summary>
    private static long RevisionOf(ServerSpec spec)
    {
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec, ApiJson.Default.ServerSpec));
        return BinaryPrimitives.ReadInt64LittleEndian(hash) & (1L << 53) - 1;
    }
}
