using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The director owns no VIP in the sense of its kernel, and is not its own real server.</summary>
internal static class AddressesAreNotLocal
{
    public static void Check(Document document, HostFacts host, IssueList issues)
    {
        var owners = new Dictionary<IPAddress, string>();
        foreach (var item in host.Interfaces)
        {
            foreach (var address in item.Addresses)
                owners.TryAdd(address.Address, item.Name);
        }
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Vip) is { } vip && owners.TryGetValue(vip.Value, out string? owner))
                issues.Error(vip.Path, vip.Node,
                    $"a local address of this director (on {owner}): its kernel would take the packets that the program "
                    + "should answer and forward",
                    $"Remove it here with `ip address del {vip.Value} dev {owner}`: a VIP belongs on the loopback of the "
                    + "real servers only");
        }
        foreach (var pool in document.Pools)
        {
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address
                    && owners.TryGetValue(address.Value, out string? owner))
                    issues.Error(address.Path, address.Node,
                        $"a local address of this director (on {owner}), which cannot forward to itself",
                        "Write the address of another machine");
            }
        }
    }
}
