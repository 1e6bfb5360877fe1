using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A server is reached by an address of its own; the VIP is on all of them.</summary>
internal static class VipIsNoServer
{
    public static void Check(Document document, IssueList issues)
    {
        var services = new Dictionary<IPAddress, BoundMapping>();
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Vip) is { } vip)
                services.TryAdd(vip.Value, service);
        }
        foreach (var pool in document.Pools)
        {
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address
                    && services.TryGetValue(address.Value, out var service))
                    issues.Error(address.Path, address.Node,
                        $"the VIP of {Document.Title(service)} (line {service.Node.Position.Line}), which every real server "
                        + "has, so it leads to none of them",
                        "Write the server's own address");
            }
        }
    }
}
