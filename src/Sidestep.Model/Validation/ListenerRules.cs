using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Listeners that other machines reach need TLS, and each listener needs a port of its own.</summary>
internal static class ListenerRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Node is not { } node)
            return;
        var others = new List<(string Name, IReadOnlyList<Located<IPEndPoint>> Endpoints)>();
        if (node.Find(NodeSchema.Api) is { Value: var api })
        {
            CheckFiles(api, issues);
            others.Add(("node.api", api.Value(ApiSchema.Listen)));
        }
        if (node.Find(NodeSchema.Metrics) is { Value: var metrics })
        {
            Check("node.metrics", metrics.Value(MetricsSchema.Listen), metrics.Find(MetricsSchema.Tls) is not null,
                others, issues);
        }
        if (node.Find(NodeSchema.Management) is { Value: var management })
        {
            Check("node.management", management.Value(ManagementSchema.Listen),
                management.Find(ManagementSchema.Tls) is not null, others, issues);
        }
    }

    /// <summary>The three files belong together.</summary>
    private static void CheckFiles(BoundMapping api, IssueList issues)
    {
        Key<string>[] keys = [ApiSchema.CertFile, ApiSchema.KeyFile, ApiSchema.CaFile];
        if (keys.FirstOrDefault(k => api.Find(k) is not null) is not { } present)
            return;
        foreach (var missing in keys.Where(k => api.Find(k) is null))
        {
            var value = api.Find(present)!;
            issues.Error(value.Path, value.Node, $"needs the key {missing.Name} beside it",
                "Add it, or leave out certFile, keyFile and caFile: then the director issues certificates itself");
        }
    }

    private static void Check(string name, IReadOnlyList<Located<IPEndPoint>> endpoints, bool hasTls,
        List<(string Name, IReadOnlyList<Located<IPEndPoint>> Endpoints)> others, IssueList issues)
    {
        foreach (var endpoint in endpoints)
        {
            if (!hasTls && !IPAddress.IsLoopback(endpoint.Value.Address))
                issues.Error(endpoint.Path, endpoint.Node,
                    "reachable from other machines, and there is no certificate to encrypt with",
                    "Add the mapping tls, or listen on 127.0.0.1 or [::1]");
            foreach (var (other, _) in others.Where(o => o.Endpoints.Any(e => e.Value.Equals(endpoint.Value))))
                issues.Error(endpoint.Path, endpoint.Node, $"{other} listens there already", "Take another port");
        }
        others.Add((name, endpoints));
    }
}
