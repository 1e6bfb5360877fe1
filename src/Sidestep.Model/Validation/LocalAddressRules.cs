using System.Net;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>No VIP is an address of the director's kernel or of its gateways, or contains one. The director may be a
/// real server if there are others.</summary>
internal static class LocalAddressRules
{
    public static void Check(ConfigurationDocument document, HostInfo host, IssueList issues)
    {
        var owners = new Dictionary<IPAddress, (string Interface, int PrefixLength)>();
        foreach (var item in host.Interfaces)
        {
            foreach (var address in item.Addresses)
                owners.TryAdd(address.Address, (item.Name, address.PrefixLength));
        }
        foreach (var service in document.Services)
        {
            foreach (var vip in VirtualServiceSchema.VipsOf(service))
                CheckVip(vip, owners, host, issues);
        }
        // With other directors, this one may also be a real server: what they forward is delivered here.
        if (!document.HasOtherDirectors)
            CheckServers(document, owners, issues);
    }

    private static void CheckVip(
        Located<IPNetwork> vip, Dictionary<IPAddress, (string Interface, int PrefixLength)> owners, HostInfo host,
        IssueList issues)
    {
        if (!vip.Value.IsSingle())
        {
            CheckPrefix(vip, owners, host, issues);
            return;
        }
        var address = vip.Value.BaseAddress;
        if (owners.TryGetValue(address, out var owner))
            issues.Error(vip.Path, vip.Node,
                $"a local address of this director (on {owner.Interface}): its kernel would receive the packets that "
                + "the engine must answer and forward",
                "Choose another VIP, or, if the address is here by mistake, remove it with "
                + $"`ip address del {address}/{owner.PrefixLength} dev {owner.Interface}`");
    }

    private static void CheckPrefix(
        Located<IPNetwork> vip, Dictionary<IPAddress, (string Interface, int PrefixLength)> owners, HostInfo host,
        IssueList issues)
    {
        const string Remedy = "Write prefixes without it";
        foreach (var (address, (name, _)) in owners.Where(o => vip.Value.Contains(o.Key)))
            issues.Error(vip.Path, vip.Node,
                $"contains {address}, a local address of this director (on {name}): the engine would take the packets "
                + "that are for the director itself, and cut it off", Remedy);
        foreach (var item in host.Interfaces)
        {
            foreach (var router in item.Gateways.Where(vip.Value.Contains))
                issues.Error(vip.Path, vip.Node,
                    $"contains {router}, the gateway of this director (on {item.Name})", Remedy);
        }
    }

    private static void CheckServers(
        ConfigurationDocument document, Dictionary<IPAddress, (string Interface, int PrefixLength)> owners,
            IssueList issues)
    {
        var sorted = PoolUsage.Sorted(owners.Keys);
        foreach (var pool in document.Pools)
        {
            if (!PoolUsage.Of(pool).IsAnyIn(owners, sorted))
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address
                    && owners.TryGetValue(address.Value, out var owner))
                    issues.Warning(address.Path, address.Node,
                        $"a local address of this director (on {owner.Interface}), which is then a real server itself",
                        "Write the address of another machine, or, if this is intended, name the other directors in "
                        + "group.peers");
            }
        }
    }
}
