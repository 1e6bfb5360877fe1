using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>node.metrics</c>.</summary>
internal static class MetricsSchema
{
    public static readonly Key<IReadOnlyList<Located<IPEndPoint>>> Listen =
        Key<IReadOnlyList<Located<IPEndPoint>>>.Mandatory("listen",
            new ValueListKind<IPEndPoint>("endpoints", 1, Limits.ApiEndpoints, new EndpointKind()),
            "Addresses and ports on which the director offers /metrics.");

    public static readonly Key<BoundMapping> Tls = Key<BoundMapping>.Optional("tls", TlsSchema.Kind,
        "HTTPS with client certificates. Mandatory for addresses that other machines reach.");

    public static readonly Key<bool> PerServer = Key<bool>.WithDefault("perServer", new BooleanKind(), true,
        "Whether each server of each pool has series of its own. Without them, the number of series depends on the "
        + "number of services alone.");

    public static readonly MappingKind Kind = new("the mapping metrics",
        "Metrics of the director in the text format of Prometheus.", Listen, Tls, PerServer);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(MetricsSettings metrics) => MappingNode.Of(
        Listen.WriteValues(metrics.Listen), Tls.WriteMapping(metrics.Tls is { } tls ? TlsSchema.Write(tls) : null),
        PerServer.Write(metrics.PerServer));

    public static MetricsSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        Tls = m.Find(Tls) is { } tls ? TlsSchema.Build(tls.Value) : null,
        PerServer = m.Value(PerServer),
    };
}

/// <summary>The mapping <c>tls</c> of a listener.</summary>
internal static class TlsSchema
{
    public static readonly Key<string> CertFile = Key<string>.Mandatory("certFile", TextKind.FolderPath,
        "PEM file: the director's certificate and any intermediate certificates.");

    public static readonly Key<string> KeyFile = Key<string>.Mandatory("keyFile", TextKind.FolderPath,
        "PEM file: the private key of the certificate.");

    public static readonly Key<string> CaFile = Key<string>.Mandatory("caFile", TextKind.FolderPath,
        "PEM file: the certificate authorities that issue the clients' certificates.");

    public static readonly MappingKind Kind = new("the mapping tls",
        "Certificates. The director and its clients authenticate each other.", CertFile, KeyFile, CaFile);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(TlsFiles files) => MappingNode.Of(
        CertFile.Write(files.CertFile), KeyFile.Write(files.KeyFile), CaFile.Write(files.CaFile));

    public static TlsFiles Build(BoundMapping m) => new(m.Value(CertFile), m.Value(KeyFile), m.Value(CaFile));
}
