using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Input;

/// <summary>Turns duties into a <see cref="DesiredState"/> for this host, or gives every reason why it cannot.</summary>
internal static class DesiredStateReader
{
    /// <param name="spec">What is asked for.</param>
    /// <param name="interfaceNames">Those that the operator named.</param>
    /// <param name="programs">Attach the programs even where nothing is to be taken off.</param>
    /// <param name="host">What it is held against.</param>
    /// <param name="beforeChange">True: a VIP where it must not be is a problem; false: a finding for the table of verify.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static DesiredState? Read(ServerSpec spec, IReadOnlyList<string> interfaceNames, bool programs, HostInventory host, bool beforeChange, List<Problem> problems)
    {
        var before = problems.Count;
        var layer3 = spec.Services.Where(static s => s.Dsr == DsrTypes.Layer3).ToList();
        // What options say was looked at where they were read.
        foreach (var service in spec.Services.Where(_ => before == 0))
            CheckService(service, problems);
        var ports = layer3.Where(static s => s.Encapsulation == "gue").Select(static s => s.GuePort ?? NetworkProfile.DefaultGuePort).Distinct().ToList();
        if (ports.Count > SettingsValue.Ports)
            problems.Add(new Problem(OptionsReader.DecapsulateOption, "gue", $"has {ports.Count} different ports, and there may be {SettingsValue.Ports}", "Use the same port in more network profiles."));
        var sources = Sources(spec, layer3);
        if (layer3.Count > 0 && sources.Count == 0 && before == 0)
            problems.Add(new Problem(OptionsReader.DirectorOption, "", "is missing: nothing says where outer headers may come from", "Name the directors."));

        var needEthernet = programs || layer3.Count > 0;
        var interfaces = InterfaceChoice.Read(interfaceNames, host, needEthernet, problems);
        var vips = Vips(spec, interfaces, host, problems);
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
            Encapsulations = layer3.Aggregate(EncapsulationFlags.None, static (k, s) => k | FlagOf(s.Encapsulation)),
            GuePorts = ports,
            Sources = sources,
            Programs = needEthernet,
        };
    }

    private static EncapsulationFlags FlagOf(string? encapsulation) => encapsulation switch { "gue" => EncapsulationFlags.Gue, "gre" => EncapsulationFlags.Gre, _ => EncapsulationFlags.IpIp };

    private static void CheckService(ServiceSpec service, List<Problem> problems)
    {
        if (service.Dsr is not (DsrTypes.Layer2 or DsrTypes.Layer3))
            problems.Add(new Problem($"service {service.Name}: dsr", service.Dsr, "is no type of DSR", "Write l2 or l3."));
        if (service.Dsr == DsrTypes.Layer3 && service.Encapsulation is not (null or "ipip" or "gue" or "gre"))
            problems.Add(new Problem($"service {service.Name}: encapsulation", service.Encapsulation!, "is not an encapsulation that this agent knows", "Write ipip, gue or gre; a newer director may need a newer agent."));
        if (service.GuePort is <= 0 or > ushort.MaxValue)
            problems.Add(new Problem($"service {service.Name}: guePort", $"{service.GuePort}", "is no port", "Write 1 to 65535."));
        if (service.Vips.IsDefaultOrEmpty)
            problems.Add(new Problem($"service {service.Name}: vips", "", "is missing", "Name at least one VIP."));
    }

    private static List<IPNetwork> Sources(ServerSpec spec, List<ServiceSpec> layer3) => layer3.Count == 0 ? []
        : [.. spec.Directors.Select(PrefixText.Single).Concat(layer3.SelectMany(static s => s.OuterSources)).Distinct()];

    /// <summary>A VIP of several services asks for the smallest of their segments.</summary>
    private static List<DesiredVip> Vips(ServerSpec spec, List<InterfaceInfo> interfaces, HostInventory host, List<Problem> problems)
    {
        var found = new Dictionary<IPNetwork, int>();
        var order = new List<IPNetwork>();
        foreach (var service in spec.Services.Where(static s => !s.Vips.IsDefaultOrEmpty))
        {
            foreach (var vip in service.Vips)
            {
                if (AddressReader.UnicastProblem(vip.BaseAddress) is { } reason)
                {
                    problems.Add(new Problem(OptionsReader.VipOption, PrefixText.Of(vip), reason, "Give a unicast address that clients and servers can reach."));
                    continue;
                }
                var mss = Mss(service, vip, spec, interfaces, host);
                if (!found.TryGetValue(vip, out var other))
                    order.Add(vip);
                found[vip] = other == 0 ? mss : mss == 0 ? other : Math.Min(mss, other);
            }
        }
        return [.. order.Select(v => new DesiredVip(v, found[v]))];
    }

    /// <summary>Where nobody says how much fits, the ingress interfaces do: the way there has their MTU, or says so.</summary>
    private static int Mss(ServiceSpec service, IPNetwork vip, ServerSpec spec, List<InterfaceInfo> interfaces, HostInventory host)
    {
        if (service.Dsr != DsrTypes.Layer3)
            return 0;
        var outerIPv6 = service.Server is { } server ? server.AddressFamily == AddressFamily.InterNetworkV6
            : spec.Directors.Concat(service.OuterSources.Select(static o => o.BaseAddress)).Any(static d => d.AddressFamily == AddressFamily.InterNetworkV6);
        var known = interfaces.Where(static i => i.MtuBytes > 0).Select(static i => i.MtuBytes).ToList();
        var pathMtu = service.PathMtu ?? (known.Count == 0 ? null : OuterHeaders.PathMtuOf(known.Min(), OuterHeaders.Bytes(service.Encapsulation, outerIPv6)));
        return pathMtu is null ? 0 : Math.Max(0, vip.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? pathMtu.Mss6 : pathMtu.Mss4);
    }

    private static void CheckVip(DesiredVip vip, HostInventory host, bool beforeChange, List<Problem> problems)
    {
        if (vip.IsIPv6 && !host.HasIPv6)
            problems.Add(new Problem(OptionsReader.VipOption, vip.ToString(), "is of IPv6, which this kernel does not have", "Boot with IPv6 (no ipv6.disable=1), or leave the VIP out."));
        if (!beforeChange || !vip.IsSingle)
            return;
        foreach (var address in host.Addresses.Where(a => a.Address.Equals(vip.Address)))
        {
            var name = host.NameOf(address.InterfaceIndex);
            var remove = $"ip address del {address.Address}/{address.PrefixLength} dev {name}";
            if (!host.IsLoopback(address.InterfaceIndex))
            {
                problems.Add(new Problem(OptionsReader.VipOption, vip.ToString(),
                    $"is an address of {name}, where the server would answer {(vip.IsIPv6 ? "neighbour solicitation" : "ARP")} for it in the director's place",
                    $"If it is the server's own address, give the VIP instead; if it is the VIP, remove it there: {remove}"));
            }
            else if (address.PrefixLength != vip.Network.PrefixLength)
            {
                problems.Add(new Problem(OptionsReader.VipOption, vip.ToString(),
                    $"is on {name} as /{address.PrefixLength}, which makes every address of that network local to this server", $"Remove it: {remove}"));
            }
        }
    }

    private static void CheckDirectors(ServerSpec spec, bool layer3, List<DesiredVip> vips, HostInventory host, List<Problem> problems)
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
                problems.Add(new Problem(OptionsReader.DirectorOption, director.ToString(), $"is an address of this server ({host.NameOf(local.InterfaceIndex)})",
                    "Give the director's address; a director that is its own real server is not supported."));
            }
        }
    }
}
