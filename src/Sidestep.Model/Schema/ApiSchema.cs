using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>api</c> of the director.</summary>
internal static class ApiSchema
{
    public static readonly Key<IReadOnlyList<Located<IPEndPoint>>> Listen = Key<IReadOnlyList<Located<IPEndPoint>>>.Mandatory("listen",
        new ValueListKind<IPEndPoint>("endpoints", 1, Limits.ApiEndpoints, new EndpointKind()),
        "Addresses and ports that agents reach the director at.");

    public static readonly Key<string> Certificate = Key<string>.Mandatory("certificate", TextKind.FolderPath,
        "File with the director's certificate in PEM form, with those between it and the authority; it names the addresses that agents use.");

    public static readonly Key<string> PrivateKey = Key<string>.Mandatory("key", TextKind.FolderPath,
        "File with the certificate's private key in PEM form.");

    public static readonly Key<string> ClientAuthority = Key<string>.Mandatory("clientAuthority", TextKind.FolderPath,
        "File with the authorities, in PEM form, that the agents' certificates must come from.");

    public static readonly MappingKind Kind = new("the mapping api", "Where agents reach the director, by HTTPS; both sides prove who they are.",
        Listen, Certificate, PrivateKey, ClientAuthority);

    public static ApiSettings Build(BoundMapping m) => new()
    {
        Listen = [.. m.Value(Listen).Select(l => l.Value)],
        Certificate = m.Value(Certificate),
        Key = m.Value(PrivateKey),
        ClientAuthority = m.Value(ClientAuthority),
    };
}

/// <summary>The mapping <c>sentinel</c> of the director.</summary>
internal static class SentinelSchema
{
    public static readonly Key<bool> Reassert = Key<bool>.WithDefault("reassert", new FlagKind(), true,
        "When somebody else answers for a VIP of this director, tell the network again who has it.");

    public static readonly Key<bool> Drain = Key<bool>.WithDefault("drain", new FlagKind(), false,
        "Drain a real server that answers for a VIP, until it is silent again.");

    public static readonly MappingKind Kind = new("the mapping sentinel", "The watch for others that answer for the director's VIPs.", Reassert, Drain);

    public static SentinelSettings Build(BoundMapping m) => new(m.Value(Reassert), m.Value(Drain));
}
