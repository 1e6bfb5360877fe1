using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>node.api</c>.</summary>
internal static class ApiSchema
{
    public static readonly Key<IReadOnlyList<Located<IPEndPoint>>> Listen =
        Key<IReadOnlyList<Located<IPEndPoint>>>.Mandatory("listen",
            new ValueListKind<IPEndPoint>("endpoints", 1, Limits.ApiEndpoints, new EndpointKind()),
            "Addresses and ports on which the director listens for agents.");

    public static readonly Key<string> CertFile = Key<string>.Optional("certFile", TextKind.FolderPath,
        "PEM file: the director's certificate and any intermediate certificates. The certificate names the addresses "
        + "that agents connect to. Without it, the director issues certificates itself (sidestep agent invite).");

    public static readonly Key<string> KeyFile = Key<string>.Optional("keyFile", TextKind.FolderPath,
        "PEM file: the private key of the certificate.");

    public static readonly Key<string> CaFile = Key<string>.Optional("caFile", TextKind.FolderPath,
        "PEM file: the certificate authorities that issue the agents' certificates.");

    public static readonly MappingKind Kind = new("the mapping api",
        "The HTTPS API for agents. Director and agent authenticate each other with certificates.",
        Listen, CertFile, KeyFile, CaFile);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(ApiSettings api) => MappingNode.Of(
        Listen.WriteValues(api.Listen), CertFile.Write(api.Tls?.CertFile), KeyFile.Write(api.Tls?.KeyFile),
        CaFile.Write(api.Tls?.CaFile));

    public static ApiSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        Tls = m.Find(CertFile) is { } cert && m.Find(KeyFile) is { } key && m.Find(CaFile) is { } ca
            ? new TlsFiles(cert.Value, key.Value, ca.Value) : null,
    };
}
