using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Input;

/// <summary>Turns a spec into the <see cref="DesiredState"/> of this host, or reports every reason why it
/// cannot.</summary>
internal static class DesiredStateReader
{
    private const string UnicastRemedy = "Give a unicast address that clients and servers can reach.";

    /// <param name="spec">The spec.</param>
    /// <param name="interfaceNames">The interfaces that the operator named; empty: choose.</param>
    /// <param name="programs">True: attach the programs even if there is nothing to decapsulate.</param>
    /// <param name="host">The host to check the spec against.</param>
    /// <param name="beforeChange">True: a VIP at the wrong place is a problem. False: verify reports it as a condition
    /// instead.</param>
    /// <param name="problems">Receives the errors. If it contains some already, the spec was read from invalid options,
    /// and checks that would repeat them are skipped.</param>
    /// <returns>Null if there is any problem.</returns>
    public static DesiredState? Read(ServerSpec spec, IReadOnlyList<string> interfaceNames, bool programs,
        HostInventory host, bool beforeChange, List<Problem> problems)
    {
        var isValidSoFar = problems.Count == 0;
        var layer3 = spec.Services.Where(static s => s.Dsr == DsrTypes.Layer3).ToList();
        foreach (var service in spec.Services.Where(_ => isValidSoFar))
            CheckService(service, problems);
        var ports = GuePorts(layer3, problems);
        var sources = Sources(spec, layer3);
        if (layer3.Count > 0 && sources.Count == 0 && isValidSoFar)
        {
            problems.Add(new Problem(OptionsReader.DirectorOption, "",
                "is missing: the allowed sources of outer headers are unknown", "Name the directors."));
        }

        var needEthernet = programs || layer3.Count > 0;
        var interfaces = InterfaceChoice.Read(interfaceNames, host, needEthernet, problems);
        var vips = Vips(spec, interfaces, problems);
        foreach (var vip in vips)
            CheckVip(vip, host, beforeChange, problems);
        CheckDirectors(spec, layer3.Count > 0, vips, host, problems);
        if (problems.Count > 0)
            return null;
        return new DesiredState
        {
            Spec = spec,
            Vips = vips,
            Interfaces = interfaces,
            EgressInterfaces = [.. host.Interfaces.Where(i => i is { IsUp: true, IsEthernet: true, IsLoopback: false }
                && host.DefaultRouteInterfaces.Contains(i.Index) && !interfaces.Any(c => c.Index == i.Index))],
            Encapsulations = layer3.Aggregate(
                EncapsulationFlags.None, static (flags, s) => flags | FlagOf(s.Encapsulation)),
            GuePorts = ports,
            Sources = sources,
            Programs = needEthernet,
        };
    }

    private static EncapsulationFlags FlagOf(string? encapsulation) => encapsulation switch
    {
        "gue" => EncapsulationFlags.Gue,
        "gre" => EncapsulationFlags.Gre,
        _ => EncapsulationFlags.IpIp,
    };

    private static void CheckService(ServiceSpec service, List<Problem> problems)
    {
        void Add(string key, string value, string reason, string remedy) =>
            problems.Add(new Problem($"service {service.Name}: {key}", value, reason, remedy));

        if (service.Dsr is not (DsrTypes.Layer2 or DsrTypes.Layer3))
            Add("dsr", service.Dsr, "is not a type of DSR", "Write l2 or l3.");
        if (service.Dsr == DsrTypes.Layer3 && service.Encapsulation is not (null or "ipip" or "gue" or "gre"))
        {
            Add("encapsulation", service.Encapsulation!, "is not an encapsulation that this agent knows",
                "Write ipip, gue or gre; a newer director may need a newer agent.");
        }
        if (service.GuePort is <= 0 or > ushort.MaxValue)
            Add("guePort", $"{service.GuePort}", "is not a port", "Write 1 to 65535.");
        if (service.Vips.IsDefaultOrEmpty)
            Add("vips", "", "is missing", "Name at least one VIP.");
    }

    private static List<int> GuePorts(List<ServiceSpec> layer3, List<Problem> problems)
    {
        var ports = layer3.Where(static s => s.Encapsulation == "gue")
            .Select(static s => s.GuePort ?? NetworkProfile.DefaultGuePort).Distinct().ToList();
        if (ports.Count > SettingsValue.Ports)
        {
            problems.Add(new Problem(OptionsReader.DecapsulateOption, "gue",
                $"has {ports.Count} different ports, and at most {SettingsValue.Ports} are possible",
                "Use the same port in more network profiles."));
        }
        return ports;
    }

    private static List<IPNetwork> Sources(ServerSpec spec, List<ServiceSpec> layer3) => layer3.Count == 0 ? []
        : [.. spec.Directors.Select(PrefixText.OfHost)
            .Concat(layer3.SelectMany(static s => s.OuterSources)).Distinct()];

    /// <summary>The VIPs of all services. A VIP of several services gets the smallest MSS of them.</summary>
    private static List<DesiredVip> Vips(ServerSpec spec, List<InterfaceInfo> interfaces, List<Problem> problems)
    {
        var found = new Dictionary<IPNetwork, int>();
        var order = new List<IPNetwork>();
        foreach (var service in spec.Services.Where(static s => !s.Vips.IsDefaultOrEmpty))
        {
            foreach (var vip in service.Vips)
            {
                if (AddressReader.UnicastProblem(vip.BaseAddress) is { } reason)
                {
                    problems.Add(new Problem(OptionsReader.VipOption, PrefixText.Of(vip), reason, UnicastRemedy));
                    continue;
                }
                var mss = Mss(service, vip, spec, interfaces);
                if (!found.TryGetValue(vip, out var other))
                    order.Add(vip);
                found[vip] = other == 0 ? mss : mss == 0 ? other : Math.Min(mss, other);
            }
        }
        return [.. order.Select(v => new DesiredVip(v, found[v]))];
    }

    /// <summary>The largest MSS that fits through the encapsulation, bytes; 0: no limit is needed or known.</summary>
    /// <remarks>Without a path MTU in the spec, the smallest MTU of the ingress interfaces counts: either the path
    /// between director and server has the same, or the operator has to say so.</remarks>
    private static int Mss(ServiceSpec service, IPNetwork vip, ServerSpec spec, List<InterfaceInfo> interfaces)
    {
        if (service.Dsr != DsrTypes.Layer3)
            return 0;
        var known = interfaces.Where(static i => i.MtuBytes > 0).Select(static i => i.MtuBytes).ToList();
        var overhead = OuterHeaders.Bytes(service.Encapsulation, IsOuterIPv6(service, spec));
        var pathMtu = service.PathMtu ?? (known.Count == 0 ? null : PathMtu.Of(known.Min(), overhead));
        return pathMtu is null ? 0 : Math.Max(0, IsIPv6(vip.BaseAddress) ? pathMtu.Mss6 : pathMtu.Mss4);
    }

    /// <summary>True if outer headers may be IPv6. Without the server's address in the spec, the larger header counts
    /// if any source is IPv6.</summary>
    private static bool IsOuterIPv6(ServiceSpec service, ServerSpec spec) => service.Server is { } server
        ? IsIPv6(server) : spec.Directors.Concat(service.OuterSources.Select(static o => o.BaseAddress)).Any(IsIPv6);

    private static bool IsIPv6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private static void CheckVip(DesiredVip vip, HostInventory host, bool beforeChange, List<Problem> problems)
    {
        void Add(string reason, string remedy) =>
            problems.Add(new Problem(OptionsReader.VipOption, vip.ToString(), reason, remedy));

        if (vip.IsIPv6 && !host.HasIPv6)
        {
            Add("is an IPv6 address, and this kernel has no IPv6",
                "Boot with IPv6 (no ipv6.disable=1), or leave the VIP out.");
        }
        if (!vip.IsSingle)
        {
            // A local route for the prefix takes all of these, on every server that has the same spec.
            foreach (var own in host.Addresses.Where(a => !host.IsLoopback(a.InterfaceIndex)
                && vip.Network.Contains(a.Address)))
            {
                Add($"contains {own.Address}, the address of {host.NameOf(own.InterfaceIndex)}: the server would take "
                    + "the packets for hosts of its own network", "Give prefixes without the server's own network.");
            }
            foreach (var route in host.DefaultRoutes.Where(r => r.Gateway is { } g && vip.Network.Contains(g)))
            {
                Add($"contains {route.Gateway}, the gateway on {host.NameOf(route.InterfaceIndex)}: the server would "
                    + "take the packets that it has for its router", "Give prefixes without the gateway.");
            }
            return;
        }
        if (!beforeChange)
            return;
        foreach (var address in host.Addresses.Where(a => a.Address.Equals(vip.Address)))
        {
            var name = host.NameOf(address.InterfaceIndex);
            var remove = $"ip address del {address.Address}/{address.PrefixLength} dev {name}";
            if (!host.IsLoopback(address.InterfaceIndex))
            {
                Add($"is an address of {name}, where the server would answer "
                    + $"{(vip.IsIPv6 ? "neighbour solicitations" : "ARP requests")} for it in place of the director",
                    "If it is the server's own address, give the VIP instead; if it is the VIP, remove it there: "
                    + remove);
            }
            else if (address.PrefixLength != vip.Network.PrefixLength)
            {
                Add($"is on {name} as /{address.PrefixLength}, which makes every address of that network local to "
                    + "this server", $"Remove it: {remove}");
            }
        }
    }

    private static void CheckDirectors(
        ServerSpec spec, bool layer3, List<DesiredVip> vips, HostInventory host, List<Problem> problems)
    {
        foreach (var director in spec.Directors)
        {
            if (vips.Any(v => v.Network.Contains(director)))
            {
                problems.Add(new Problem(OptionsReader.DirectorOption, director.ToString(), "is one of the VIPs",
                    "Give the director's own address, the source of its outer headers."));
            }
            else if (layer3 && host.Addresses.FirstOrDefault(a => a.Address.Equals(director)) is { } local)
            {
                problems.Add(new Problem(OptionsReader.DirectorOption, director.ToString(),
                    $"is an address of this server ({host.NameOf(local.InterfaceIndex)})",
                    "Give the director's address; a director that is its own real server is not supported."));
            }
        }
    }
}
