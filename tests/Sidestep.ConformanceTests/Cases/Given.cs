using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>The situation of a row: the configuration of the operator, and the state of the network.</summary>
internal sealed record Given(Configuration Configuration, NextHops NextHops)
{
    public int InterfaceIndex(string name) => NextHops.Interfaces.Single(i => i.Name == name).Index;

    public static Given Read(CaseNode node, HostNames names)
    {
        node.Only("hashKey", "peers", "onNoService", "interfaces", "profiles", "pools", "accessLists", "vips",
            "services", "nextHops");
        var interfaces = node["interfaces"].Pairs.Select(p => ReadInterface(p.Key, p.Value, names))
            .ToDictionary(static i => i.Name);
        return new Given(
            new Configuration
            {
                Node = new NodeSettings
                {
                    Interfaces = [.. interfaces.Keys.Select(static n => new DirectorInterface(n, Driver.Auto))],
                },
                Group = new GroupSettings
                {
                    HashKey = HashKey.TryParse(node["hashKey"].Text, out var key)
                        ? key
                        : throw node["hashKey"].Wrong("no key"),
                    Peers = [.. node["peers"].ItemsOrNone.Select(names.Address)],
                    OnNoService = GivenService.RejectPolicyOr(node["onNoService"]),
                },
                NetworkProfiles = [.. node["profiles"].Pairs.Select(p => GivenProfile.Read(p.Key, p.Value, names))],
                Pools = [.. node["pools"].Pairs.Select(p => GivenPool.Read(p.Key, p.Value, names))],
                AccessLists = [.. node["accessLists"].Pairs.Select(p => ReadAccessList(p.Key, p.Value, names))],
                Vips = [.. node["vips"].Pairs.Select(p => ReadVip(p.Key, p.Value, names))],
                VirtualServices = [.. node["services"].Pairs.SelectMany(p => GivenService.Read(p.Key, p.Value, names))],
            },
            new NextHops(
                [.. interfaces.Values],
                node["nextHops"].Pairs.ToDictionary(
                    p => VrfAddress.InDefault(names.Address(CaseNode.Of($"{p.Value}", p.Key))),
                    p => ReadNextHop(p.Value, interfaces, names)),
                new Dictionary<VrfAddress, string>())
            {
                Peers = node["peers"].ItemsOrNone.ToDictionary(
                    p => VrfAddress.InDefault(names.Address(p)), p => MacAddress.Read(names.Mac(p))),
            });
    }

    private static EgressInterface ReadInterface(string name, CaseNode node, HostNames names)
    {
        node.Only("index", "mac", "address", "address6", "mtu");
        return new EgressInterface((int)node["index"].Number, name, MacAddress.Read(names.Mac(node["mac"])),
            node["address"].Exists ? names.Address(node["address"]) : null, (int)node["mtu"].Number,
            node["address6"].Exists ? names.Address(node["address6"]) : null);
    }

    private static AccessList ReadAccessList(string name, CaseNode node, HostNames names)
    {
        node.Only("allow", "deny");
        return new AccessList
        {
            Name = name,
            Allow = [.. node["allow"].ItemsOrNone.Select(names.Prefix)],
            Deny = [.. node["deny"].ItemsOrNone.Select(names.Prefix)],
        };
    }

    private static Vip ReadVip(string address, CaseNode node, HostNames names)
    {
        node.Only("echo");
        return new Vip(names.Prefix(CaseNode.Of($"{node}", address)), CaseEnum.Parse<EchoPolicy>(node["echo"]));
    }

    private static NextHop ReadNextHop(CaseNode node, Dictionary<string, EgressInterface> interfaces, HostNames names)
    {
        node.Only("via", "mac", "router", "local");
        return new NextHop(
            interfaces[node["via"].Text], MacAddress.Read(names.Mac(node["mac"])), node["router"].FlagOr(false),
            node["local"].FlagOr(false));
    }
}
