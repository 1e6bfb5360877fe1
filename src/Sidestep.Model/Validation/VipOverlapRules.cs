using System.Net;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>A server has an address of its own; the VIP is on all servers. A peer has its own address, too. A VIP
/// prefix contains neither.</summary>
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
                else
                    CheckPrefix(document, vip, issues);
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

    private static void CheckPrefix(ConfigurationDocument document, Located<IPNetwork> vip, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            if (PoolUsage.Of(pool).FirstIn(vip.Value) is not { } first)
                continue;
            var address = pool.Items(PoolSchema.Servers).Select(static s => s.Find(RealServerSchema.Address))
                .First(a => a is not null && a.Value.Equals(first))!;
            issues.Error(vip.Path, vip.Node,
                $"contains {first}, the address of a server: the director would forward packets for this server itself "
                + "to any server",
                "Write prefixes without the addresses of servers", address.Location);
            // One error per prefix: usually it contains the addresses of all servers.
            return;
        }
        if (document.Group?.Value(GroupSchema.Peers).FirstOrDefault(p => vip.Value.Contains(p.Value)) is { } peer)
        {
            issues.Error(vip.Path, vip.Node,
                $"contains {peer.Value}, the address of a director in group.peers, which would be forwarded to servers",
                "Write prefixes without the addresses of directors", peer.Location);
        }
    }
}
