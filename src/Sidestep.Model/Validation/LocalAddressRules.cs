using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The director owns no VIP in the sense of its kernel. It may be a real server where that is declared.</summary>
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
                CheckVip(vip, owners, issues);
        }
        // Whoever names other directors knows that what they balance is delivered here.
        if (document.Director?.Find(DirectorSchema.Peers) is not { Value.Count: > 0 })
            CheckServers(document, owners, issues);
    }

    private static void CheckVip(
        Located<IPNetwork> vip, Dictionary<IPAddress, (string Interface, int PrefixLength)> owners, IssueList issues)
    {
        // A prefix may hold the director's own addresses: it can be every address there is.
        var address = vip.Value.BaseAddress;
        if (vip.Value.PrefixLength == AddressText.Bits(address) && owners.TryGetValue(address, out var owner))
            issues.Error(vip.Path, vip.Node,
                $"a local address of this director (on {owner.Interface}): its kernel would take the packets that the program "
                + "should answer and forward",
                "Choose another VIP, or, if the address is here by mistake, remove it with "
                + $"`ip address del {address}/{owner.PrefixLength} dev {owner.Interface}`");
    }

    private static void CheckServers(
        ConfigurationDocument document, Dictionary<IPAddress, (string Interface, int PrefixLength)> owners, IssueList issues)
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
                        "Write the address of another machine, or, if this is meant, name the other directors in director.peers");
            }
        }
    }
}
