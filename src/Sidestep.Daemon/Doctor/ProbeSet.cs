using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Doctor;

/// <summary>The probes of one diagnosis, and the searches for the largest packet.</summary>
internal sealed class ProbeSet
{
    private readonly Dictionary<(CheckedService Service, bool IsDirect), Probe> _probes = [];
    private readonly Dictionary<(VrfAddress Server, IPAddress Vip, Encap Encap), PacketSizeSearch> _searches = [];

    /// <summary>False: there are more services than one run has probes for.</summary>
    internal bool IsComplete { get; private set; } = true;

    /// <summary>Number of probes of the diagnosis, without the searches.</summary>
    internal int Count => _probes.Count;

    /// <summary>One probe per service through its encapsulation, and for TCP another one directly to the
    /// server.</summary>
    internal IReadOnlyList<Probe> Probes => [.. _probes.Values];

    /// <summary>One search per server, VIP and encapsulation.</summary>
    internal IReadOnlyList<PacketSizeSearch> Searches => [.. _searches.Values];

    /// <summary>Chooses the probes. Servers without a next hop, and the director itself, get none.</summary>
    internal static ProbeSet Of(IEnumerable<CheckedServer> servers, Forwarding.NextHops nextHops)
    {
        var set = new ProbeSet();
        foreach (var service in servers.SelectMany(static s => s.Services))
        {
            if (!nextHops.Servers.TryGetValue(service.Server.VrfAddress, out var nextHop) || nextHop.IsLocal)
                continue;
            set.AddSearch(service, nextHop);
            if (service.Evidence.Port == 0
                || service.Evidence.Protocol is not (TransportProtocol.Tcp or TransportProtocol.Udp))
                continue;
            if (set.Count + 2 > Prober.MaxProbes)
            {
                set.IsComplete = false;
                break;
            }
            set.AddProbes(service, nextHop);
        }
        return set;
    }

    /// <summary>The evidence about a service with the results of its probes.</summary>
    internal ServiceEvidence AddTo(CheckedService service) => service.Evidence with
    {
        DsrPathProbe = _probes.GetValueOrDefault((service, false))?.Evidence,
        DirectProbe = _probes.GetValueOrDefault((service, true))?.Evidence,
        PacketSize = _searches.GetValueOrDefault(
                (service.Server.VrfAddress, service.Evidence.Vip, service.Evidence.Encap))
            ?.Evidence,
    };

    /// <summary>TTL or hop limit of a reply to a direct probe; null: there is none.</summary>
    internal int? ReplyTtlOf(RealServer server) =>
        _probes.Where(p => p.Key.Service.Server == server && p.Key.IsDirect).Select(static p => p.Value.Ttl)
            .FirstOrDefault(static t => t is not null);

    private void AddSearch(CheckedService service, NextHop nextHop)
    {
        var (server, evidence) = (service.Server.VrfAddress, service.Evidence);
        _searches.TryAdd((server, evidence.Vip, evidence.Encap), new PacketSizeSearch
        {
            NextHop = nextHop,
            Encap = evidence.Encap,
            Server = server.Address,
            Vip = evidence.Vip,
            ExpectedBytes = nextHop.RouteMtuBytes - (evidence.PathMtu?.Overhead ?? 0),
            MeasuredBytes = nextHop.LimitedRouteMtuBytes is null ? null
                : nextHop.Egress.MtuBytes - (evidence.PathMtu?.Overhead ?? 0),
        });
    }

    private void AddProbes(CheckedService service, NextHop nextHop)
    {
        var (server, evidence) = (service.Server.Address, service.Evidence);
        _probes.Add((service, false), new Probe
        {
            NextHop = nextHop,
            Encap = evidence.Encap,
            Server = server,
            To = new IPEndPoint(evidence.Vip, evidence.Port),
            Protocol = evidence.Protocol,
        });
        // A UDP application that is bound to the VIP refuses direct probes, and that would be no sign of a fault.
        if (evidence.Protocol == TransportProtocol.Tcp)
        {
            _probes.Add((service, true), new Probe
            {
                NextHop = nextHop,
                Server = server,
                To = new IPEndPoint(server, evidence.Port),
                Protocol = evidence.Protocol,
            });
        }
    }
}
