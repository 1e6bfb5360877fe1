using System.Collections.Immutable;
using System.Net;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>A real server with the services that it serves.</summary>
/// <param name="Server">The server.</param>
/// <param name="Services">One entry per service, VIP and port.</param>
internal sealed record CheckedServer(RealServer Server, ImmutableArray<CheckedService> Services);

/// <summary>A service on one server, by one VIP and port.</summary>
/// <param name="Server">The server.</param>
/// <param name="Evidence">The evidence, without the results of probes.</param>
internal sealed record CheckedService(RealServer Server, ServiceEvidence Evidence);

/// <summary>Chooses what the doctor checks.</summary>
internal static class CheckedServers
{
    /// <summary>The first ports of a service are probed on each server, up to this number.</summary>
    private const int MaxPorts = 8;

    /// <summary>The first VIPs of a service are probed on each server, up to this number.</summary>
    private const int MaxVips = 8;

    /// <summary>The servers of services that are not disabled, each name and address once.</summary>
    internal static IReadOnlyList<CheckedServer> Of(AppliedState applied, IEnumerable<VirtualService> services)
    {
        var compiler = new ServerSpecCompiler(applied.Configuration, applied.NextHops);
        return
        [
            .. services.SelectMany(s => applied.Configuration.Pools.First(p => p.Key == s.PoolKey).Servers
                    .Where(static r => r.State != ServerState.Disabled)
                    .SelectMany(r => ServicesOf(applied.Configuration, s, r, compiler)))
                .GroupBy(static v => (v.Server.KeyByName, v.Server.VrfAddress))
                .Select(static g => new CheckedServer(g.First().Server, [.. g])),
        ];
    }

    private static IEnumerable<CheckedService> ServicesOf(
        EffectiveConfiguration configuration, VirtualService service, RealServer server, ServerSpecCompiler compiler)
    {
        var profile = configuration.Desired.ProfileOf(service);
        var encap = Encap.Of(profile, server);
        foreach (var vip in service.Vips.Take(MaxVips))
        {
            foreach (var ports in service.Ports.Take(MaxPorts))
            {
                yield return new CheckedService(server, new ServiceEvidence
                {
                    Name = service.Name,
                    Pool = service.Pool,
                    Vip = vip.IsSingle() ? vip.BaseAddress : FirstHost(vip),
                    Protocol = service.Protocol,
                    // Nothing says which port of a range an application uses.
                    Port = ports.First == ports.Last ? ports.First : 0,
                    Encap = encap,
                    PathMtu = compiler.PathMtuOf(encap, server.VrfAddress),
                });
            }
        }
    }

    private static IPAddress FirstHost(IPNetwork prefix)
    {
        var bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[^1] |= 1;
        return new IPAddress(bytes);
    }
}
