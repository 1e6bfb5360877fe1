using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Rejects a server's port that is not the port of the service: the client would see it in the
/// reply.</summary>
internal static class PortTranslationRules
{
    // Enough to identify the service.
    private const int MostPorts = 5;

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var servicesOfPool = document.Services.ToLookup(document.PoolOf);
        foreach (var pool in document.Pools)
        {
            if (!PoolUsage.Of(pool).HasPorts)
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
            var servicePorts = VirtualServiceSchema.PortsOf(service);
            if (servicePorts.IsEmpty || servicePorts is [var only] && only == PortRange.One(port.Value))
                continue;
            string ports = (servicePorts.Length == 1 ? "port " : "ports ")
                + string.Join(", ", servicePorts.Take(MostPorts))
                + (servicePorts.Length > MostPorts ? ", …" : "");
            issues.Error(port.Path, port.Node,
                $"{ConfigurationDocument.Title(service)} uses this pool with {ports}, and the reply goes straight to "
                + "the client, so nothing can translate ports",
                $"Remove the key and let the server listen on {ports}");
            return;
        }
        issues.Warning(port.Path, port.Node, "redundant: a real server always listens on the port of the service",
            "Remove the key");
    }
}
