using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The director owns no VIP in the sense of its kernel, and is not its own real server.</summary>
internal static class AddressesAreNotLocal
{
    public static void Check(Document document, HostFacts host, IssueList issues)
    {
        var owners = new Dictionary<IPAddress, (string Interface, int PrefixLength)>();
        foreach (var item in host.Interfaces)
        {
            foreach (var address in item.Addresses)
                owners.TryAdd(address.Address, (item.Name, address.PrefixLength));
        }
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Vip) is { } vip && owners.TryGetValue(vip.Value, out var owner))
                issues.Error(vip.Path, vip.Node,
                    $"a local address of this director (on {owner.Interface}): its kernel would take the packets that the program "
                    + "should answer and forward",
                    "Choose another VIP, or, if the address is here by mistake, remove it with "
                    + $"`ip address del {vip.Value}/{owner.PrefixLength} dev {owner.Interface}`");
        }
        foreach (var pool in document.Pools)
        {
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address
                    && owners.TryGetValue(address.Value, out var owner))
                    issues.Error(address.Path, address.Node,
                        $"a local address of this director (on {owner.Interface}), which cannot forward to itself",
                        "Write the address of another machine");
            }
        }
    }
}
