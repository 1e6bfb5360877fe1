using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>api</c> of the director.</summary>
internal static class ApiSchema
{
    public static readonly Key<IReadOnlyList<Located<IPEndPoint>>> Listen = Key<IReadOnlyList<Located<IPEndPoint>>>.Mandatory("listen",
        new ValueListKind<IPEndPoint>("endpoints", 1, Limits.ApiEndpoints, new EndpointKind()),
        "Addresses and ports that agents reach the director at.");

    public static readonly Key<string> CertFile = Key<string>.Mandatory("certFile", TextKind.FolderPath,
        "File with the director's certificate in PEM form, with those between it and the authority; it names the addresses that agents use.");

    public static readonly Key<string> KeyFile = Key<string>.Mandatory("keyFile", TextKind.FolderPath,
        "File with the certificate's private key in PEM form.");

    public static readonly Key<string> CaFile = Key<string>.Mandatory("caFile", TextKind.FolderPath,
        "File with the authorities, in PEM form, that the agents' certificates must come from.");

    public static readonly MappingKind Kind = new("the mapping api", "Where agents reach the director, by HTTPS; both sides prove who they are.",
        Listen, CertFile, KeyFile, CaFile);

    public static ApiSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        CertFile = m.Value(CertFile),
        KeyFile = m.Value(KeyFile),
        CaFile = m.Value(CaFile),
    };
}

/// <summary>The mapping <c>sentinel</c> of the director.</summary>
internal static class ConflictDetectionSchema
{
    public static readonly Key<bool> Defend = Key<bool>.WithDefault("defend", new BooleanKind(), true,
        "When somebody else answers for a VIP of this director, tell the network again who has it.");

    public static readonly Key<bool> Drain = Key<bool>.WithDefault("drain", new BooleanKind(), false,
        "Drain a real server that answers for a VIP, until it is silent again.");

    public static readonly MappingKind Kind = new("the mapping conflictDetection", "The watch for others that answer for the director's VIPs.", Defend, Drain);

    public static ConflictDetectionSettings Build(BoundMapping m) => new(m.Value(Defend), m.Value(Drain));
}
