using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Secrets of an export are sent encrypted, and each key of <c>node.otlp</c> has an effect.</summary>
internal static class OtlpRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Node?.Find(NodeSchema.Otlp) is not { Value: var otlp }
            || otlp.Find(OtlpSchema.Endpoint) is not { } endpoint)
            return;
        var url = new Uri(endpoint.Value);
        if (otlp.Value(OtlpSchema.Protocol) == OtlpProtocol.Grpc && url.AbsolutePath != "/")
            issues.Error(endpoint.Path, endpoint.Node, "has a path, and gRPC has paths of its own",
                "Remove the path, or write protocol: http/protobuf");
        if (url.Scheme == Uri.UriSchemeHttps)
            return;
        if (otlp.Find(OtlpSchema.CaFile) is { } caFile)
            issues.Error(caFile.Path, caFile.Node, "without effect, because the endpoint begins with http://",
                "Write https:// there, or remove the key");
        if (otlp.Find(OtlpSchema.HeadersFile) is { } headers && !url.IsLoopback)
            issues.Error(headers.Path, headers.Node, "its headers would be sent unencrypted to another machine",
                "Write https:// in the endpoint, or remove the key");
    }
}
