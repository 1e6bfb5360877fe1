using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Metrics that other machines reach need TLS and client certificates, and a port of their own.</summary>
internal static class MetricsRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Node?.Find(NodeSchema.Metrics) is not { Value: var metrics })
            return;
        var ofAgents = document.Node.Find(NodeSchema.Api)?.Value.Value(ApiSchema.Listen) ?? [];
        foreach (var endpoint in metrics.Value(MetricsSchema.Listen))
        {
            if (metrics.Find(MetricsSchema.Tls) is null && !IPAddress.IsLoopback(endpoint.Value.Address))
                issues.Error(endpoint.Path, endpoint.Node,
                    "reachable from other machines, and there are no certificates to tell who asks",
                    "Add the mapping tls, or listen on 127.0.0.1 or [::1]");
            if (ofAgents.Any(a => a.Value.Equals(endpoint.Value)))
                issues.Error(endpoint.Path, endpoint.Node, "node.api listens there already",
                    "Take another port");
        }
    }
}
