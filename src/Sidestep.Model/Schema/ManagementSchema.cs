using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>node.management</c>.</summary>
internal static class ManagementSchema
{
    public static readonly Key<IReadOnlyList<Located<IPEndPoint>>> Listen =
        Key<IReadOnlyList<Located<IPEndPoint>>>.Mandatory("listen",
            new ValueListKind<IPEndPoint>("endpoints", 1, Limits.ApiEndpoints, new EndpointKind()),
            "Addresses and ports on which the director offers the API to operators.");

    public static readonly Key<BoundMapping> Tls = Key<BoundMapping>.Optional("tls", ServerTlsSchema.Kind,
        "HTTPS. Mandatory for addresses that other machines reach.");

    public static readonly MappingKind Kind = new("the mapping management",
        "The API for operators on other machines, who have users, tokens or certificates.", Listen, Tls);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(ManagementSettings management) => MappingNode.Of(
        Listen.WriteValues(management.Listen),
        Tls.WriteMapping(management.Tls is { } tls ? ServerTlsSchema.Write(tls) : null));

    public static ManagementSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        Tls = m.Find(Tls) is { } tls ? ServerTlsSchema.Build(tls.Value) : null,
    };
}

/// <summary>The mapping <c>tls</c> of a listener whose clients need no certificate.</summary>
internal static class ServerTlsSchema
{
    public static readonly Key<string> CaFile = Key<string>.Optional("caFile", TextKind.FolderPath,
        "PEM file: the certificate authorities that issue the users' certificates. Without it, users have none.");

    public static readonly MappingKind Kind = new("the mapping tls", "Certificates.", TlsSchema.CertFile,
        TlsSchema.KeyFile, CaFile);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(ServerTlsFiles files) => MappingNode.Of(TlsSchema.CertFile.Write(files.CertFile),
        TlsSchema.KeyFile.Write(files.KeyFile), CaFile.Write(files.CaFile));

    public static ServerTlsFiles Build(BoundMapping m) =>
        new(m.Value(TlsSchema.CertFile), m.Value(TlsSchema.KeyFile), m.Find(CaFile)?.Value);
}
