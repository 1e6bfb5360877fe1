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

    public static readonly Key<string> CertFile = Key<string>.Mandatory("certFile", TextKind.FolderPath,
        "PEM file: the director's certificate and any intermediate certificates. The certificate names the addresses "
        + "that agents connect to.");

    public static readonly Key<string> KeyFile = Key<string>.Mandatory("keyFile", TextKind.FolderPath,
        "PEM file: the private key of the certificate.");

    public static readonly Key<string> CaFile = Key<string>.Mandatory("caFile", TextKind.FolderPath,
        "PEM file: the certificate authorities that issue the agents' certificates.");

    public static readonly MappingKind Kind = new("the mapping api",
        "The HTTPS API for agents. Director and agent authenticate each other with certificates.",
        Listen, CertFile, KeyFile, CaFile);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(ApiSettings api) => MappingNode.Of(
        Listen.WriteValues(api.Listen), CertFile.Write(api.CertFile), KeyFile.Write(api.KeyFile),
        CaFile.Write(api.CaFile));

    public static ApiSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        CertFile = m.Value(CertFile),
        KeyFile = m.Value(KeyFile),
        CaFile = m.Value(CaFile),
    };
}
