using System.Net;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>A server has an address of its own; the VIP is on all servers. A peer has its own address, too.</summary>
/// <remarks>A VIP prefix may contain addresses of servers: it may be as wide as the whole address space.</remarks>
internal static class VipOverlapRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var services = new Dictionary<IPAddress, BoundMapping>();
        foreach (var service in document.Services)
        {
            foreach (var vip in VirtualServiceSchema.VipsOf(service))
            {
                if (vip.Value.IsSingle())
                    services.TryAdd(vip.Value.BaseAddress, service);
            }
        }
        var sorted = PoolUsage.Sorted(services.Keys);
        foreach (var pool in document.Pools)
        {
            if (!PoolUsage.Of(pool).IsAnyIn(services, sorted))
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address
                    && services.TryGetValue(address.Value, out var service))
                    issues.Error(address.Path, address.Node,
                        $"the VIP of {ConfigurationDocument.Title(service)}, which is on every real server, so it "
                        + "identifies none of them",
                        "Write the server's own address", service.Location);
            }
        }
        foreach (var peer in document.Group?.Value(GroupSchema.Peers) ?? [])
        {
            if (services.TryGetValue(peer.Value, out var service))
                issues.Error(peer.Path, peer.Node,
                    $"the VIP of {ConfigurationDocument.Title(service)}, which all directors share",
                    "Write the director's own address", service.Location);
        }
    }
}
