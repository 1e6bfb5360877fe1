using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>The situation of a case: what the operator wants, and what the network looks like.</summary>
internal sealed record Given(Configuration Configuration, NextHops NextHops)
{
    private static readonly Dictionary<string, HashFields> HashFieldNames = new()
    {
        ["source-address"] = HashFields.SourceAddress,
        ["five-tuple"] = HashFields.FiveTuple,
    };

    public int InterfaceIndex(string name) => NextHops.Interfaces.Single(i => i.Name == name).Index;

    public static Given Read(CaseNode node, Names names)
    {
        node.Only("hashKey", "interfaces", "profiles", "pools", "services", "nextHops");
        var interfaces = node["interfaces"].Pairs.Select(p => ReadInterface(p.Key, p.Value, names)).ToDictionary(static i => i.Name);
        return new Given(
            new Configuration
            {
                Director = new DirectorSettings
                {
                    Interfaces = [.. interfaces.Keys.Select(static n => new DirectorInterface(n, DriverMode.Auto))],
                    HashKey = HashKey.TryParse(node["hashKey"].Text, out var key) ? key : throw node["hashKey"].Wrong("no key"),
                },
                NetworkProfiles = [.. node["profiles"].Pairs.Select(static p => ReadProfile(p.Key, p.Value))],
                Pools = [.. node["pools"].Pairs.Select(p => ReadPool(p.Key, p.Value, names))],
                VirtualServices = [.. node["services"].Pairs.SelectMany(p => ReadServices(p.Key, p.Value, names))],
            },
            new NextHops(
                [.. interfaces.Values],
                node["nextHops"].Pairs.ToDictionary(
                    p => names.Address(CaseNode.Of($"{p.Value}", p.Key)),
                    p => ReadNextHop(p.Value, interfaces, names)),
                new Dictionary<IPAddress, string>()));
    }

    private static EgressInterface ReadInterface(string name, CaseNode node, Names names)
    {
        node.Only("index", "mac", "address", "mtu");
        return new EgressInterface((int)node["index"].Number, name, MacAddress.Read(names.Mac(node["mac"])),
            names.Address(node["address"]), (int)node["mtu"].Number);
    }

    private static NetworkProfile ReadProfile(string name, CaseNode node)
    {
        node.Only("dsr");
        return node["dsr"].Text switch
        {
            "l2" => new NetworkProfile { Name = name, DsrType = DsrType.L2 },
            "l3" => new NetworkProfile { Name = name, DsrType = DsrType.L3, Encapsulation = Encapsulation.IpIp },
            var other => throw node["dsr"].Wrong($"'{other}' is neither l2 nor l3"),
        };
    }

    private static Pool ReadPool(string name, CaseNode node, Names names)
    {
        node.Only("hash", "slots", "servers");
        return new Pool
        {
            Name = name,
            HashFields = HashFieldNames[node["hash"].TextOr("source-address")],
            Slots = (int)node["slots"].NumberOr(SlotCounts.All[0]),
            Servers = [.. node["servers"].Pairs.Select(p => ReadServer(p.Key, p.Value, names))],
        };
    }

    private static RealServer ReadServer(string name, CaseNode node, Names names)
    {
        node.Only("address", "weight", "enabled");
        return new RealServer
        {
            Name = name,
            Address = names.Address(node["address"]),
            Weight = (int)node["weight"].NumberOr(1),
            Enabled = node["enabled"].FlagOr(true),
        };
    }

    /// <summary>One service, or with <c>repeat</c> many: name-0, name-1 and so on, on consecutive ports or VIPs.</summary>
    private static IEnumerable<VirtualService> ReadServices(string name, CaseNode node, Names names)
    {
        node.Only("vip", "protocol", "port", "pool", "profile", "enabled", "trafficEnabled", "repeat");
        var one = new VirtualService
        {
            Name = name,
            Vip = names.Address(node["vip"]),
            Protocol = Enum.Parse<TransportProtocol>(node["protocol"].Text, ignoreCase: true),
            Port = (int)node["port"].Number,
            Pool = node["pool"].Text,
            NetworkProfile = node["profile"].Exists ? node["profile"].Text : null,
            Enabled = node["enabled"].FlagOr(true),
            TrafficEnabled = node["trafficEnabled"].FlagOr(true),
        };
        if (!node["repeat"].Exists)
            return [one];
        var repeat = node["repeat"].Only("ports", "vips");
        var ports = (int)repeat["ports"].NumberOr(1);
        return Enumerable.Range(0, ports * (int)repeat["vips"].NumberOr(1)).Select(i => one with
        {
            Name = $"{name}-{i}",
            Vip = new Ipv4Address(Ipv4Address.From(one.Vip).Value + (uint)(i / ports)).ToIPAddress(),
            Port = one.Port + i % ports,
        });
    }

    private static NextHop ReadNextHop(CaseNode node, Dictionary<string, EgressInterface> interfaces, Names names)
    {
        node.Only("via", "mac", "router");
        return new NextHop(interfaces[node["via"].Text], MacAddress.Read(names.Mac(node["mac"])), node["router"].FlagOr(false));
    }
}
