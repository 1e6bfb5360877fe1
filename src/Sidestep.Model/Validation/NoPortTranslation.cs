using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The client sees the server's own port in the reply, so it must be the port of the service (DSR-05).</summary>
internal static class NoPortTranslation
{
    // Enough to know what is meant.
    private const int MostPorts = 5;

    public static void Check(Document document, IssueList issues)
    {
        var servicesOfPool = document.Services.ToLookup(document.PoolOf);
        foreach (var pool in document.Pools)
        {
            if (!PoolFacts.Of(pool).HasPorts)
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Port) is { } port)
                    Check(port, servicesOfPool[pool], issues);
            }
        }
    }

    private static void Check(Located<int> port, IEnumerable<BoundMapping> services, IssueList issues)
    {
        foreach (var service in services)
        {
            var asked = VirtualServiceSchema.PortsOf(service);
            if (asked.IsEmpty || asked is [var only] && only == PortRange.One(port.Value))
                continue;
            string ports = (asked.Length == 1 ? "port " : "ports ") + string.Join(", ", asked.Take(MostPorts))
                + (asked.Length > MostPorts ? ", …" : "");
            issues.Error(port.Path, port.Node,
                $"{Document.Title(service)} uses this pool with {ports}, and the reply goes straight to the "
                + "client, so nothing can translate ports (DSR-05)",
                $"Remove the key and let the server listen on {ports}");
            return;
        }
        issues.Warning(port.Path, port.Node, "redundant: a real server always listens on the port of the service",
            "Remove the key");
    }
}
