using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>networkProfiles</c>.</summary>
internal static class NetworkProfileSchema
{
    public static readonly ChoiceKind<Encapsulation> Encapsulations = new(
        new("ipip", Model.Encapsulation.IpIp,
            "IP in IP, protocols 4 and 41 (RFC 2003, RFC 2473): the smallest header."),
        new("gue", Model.Encapsulation.Gue, "Generic UDP Encapsulation: for networks that carry only UDP and TCP."),
        new("gre", Model.Encapsulation.Gre, "Generic Routing Encapsulation (RFC 2784)."));

    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the network profiles.");

    public static readonly Key<ProfileType> Type = Key<ProfileType>.Optional("type",
        new ChoiceKind<ProfileType>(
            new("tcp-fast-path", ProfileType.TcpFastPath, "For TCP services only."),
            new("udp-fast-path", ProfileType.UdpFastPath, "For UDP services only.")),
        "Restricts the profile to services of one protocol.");

    public static readonly Key<DsrType> DsrType = Key<DsrType>.WithDefault("dsrType",
        new ChoiceKind<DsrType>(
            new("l3", Model.DsrType.L3, "The director encapsulates packets: servers may be behind routers."),
            new("l2", Model.DsrType.L2,
                "The director rewrites MAC addresses only: servers are on a directly attached network.")),
        Model.DsrType.L3, "How packets reach the real servers.");

    public static readonly Key<Encapsulation> Encapsulation = Key<Encapsulation>.WithDefault("encapsulation",
        Encapsulations, Model.Encapsulation.IpIp, "The outer header at layer 3; ignored at layer 2.");

    public static readonly Key<int> GuePort = Key<int>.WithDefault("guePort", new IntegerKind(1, 65535),
        NetworkProfile.DefaultGuePort, "The UDP port on which the real servers receive GUE.");

    public static readonly Key<IReadOnlyList<Located<IPNetwork>>> OuterSource =
        Key<IReadOnlyList<Located<IPNetwork>>>.Optional("outerSource",
            new ValueListKind<IPNetwork>("prefixes", 1, 2,
                new PrefixKind("an outer source address", Limits.OuterSourceBits), alone: true),
            "Prefixes, at most one per family. Each flow has its own outer source address from them, so that servers "
            + "spread flows over their receive queues. Without the key, the source is the director's address.");

    public static readonly Key<OversizedPolicy> Oversized = Key<OversizedPolicy>.WithDefault("oversized",
        new ChoiceKind<OversizedPolicy>(
            new("icmp", OversizedPolicy.Icmp,
                "The director sends the client an ICMP error with the MTU that fits, rate-limited."),
            new("fragment", OversizedPolicy.Fragment,
                "The director fragments the outer packet; the server reassembles it."),
            new("drop", OversizedPolicy.Drop, "The director drops and counts the packet.")),
        OversizedPolicy.Icmp, "What happens to a packet that exceeds the MTU with its outer header.");

    public static readonly Key<BoundMapping> IdleTimeouts = Key<BoundMapping>.Optional("idleTimeouts",
        IdleTimeoutsSchema.Kind, "Seconds without a packet after which a tracked flow expires.");

    public static readonly Key<UdpRebalancePolicy> UdpOnRebalance = Key<UdpRebalancePolicy>
        .WithDefault("udpOnRebalance",
        new ChoiceKind<UdpRebalancePolicy>(
            new("stay", UdpRebalancePolicy.Stay, "To the previous server, which may know the flow."),
            new("move", UdpRebalancePolicy.Move, "To the new server, for protocols of independent packets.")),
        UdpRebalancePolicy.Stay, "Where UDP packets of untracked flows go while their slot is in transition.");

    public static readonly MappingKind Kind = new("a network profile",
        "How traffic reaches the real servers. With a name only: layer 3 with IP-in-IP.",
        Name, Type, DsrType, Encapsulation, GuePort, OuterSource, Oversized, IdleTimeouts, UdpOnRebalance,
        MetadataSchema.Labels, MetadataSchema.Annotations);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(NetworkProfile profile) => MappingNode.Of(
        Name.Write(profile.Name),
        Type.WriteOptional(profile.Type),
        DsrType.Write(profile.DsrType),
        Encapsulation.Write(profile.Encapsulation),
        GuePort.Write(profile.GuePort),
        OuterSource.WriteValues(Sources(profile)),
        Oversized.Write(profile.Oversized),
        IdleTimeouts.WriteUnlessEmpty(IdleTimeoutsSchema.Write(profile.IdleTimeouts)),
        UdpOnRebalance.Write(profile.UdpOnRebalance),
        MetadataSchema.WriteLabels(profile.Metadata),
        MetadataSchema.WriteAnnotations(profile.Metadata));

    public static NetworkProfile Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Metadata = MetadataSchema.Build(m),
        Type = m.Find(Type)?.Value,
        DsrType = m.Value(DsrType),
        Encapsulation = m.Value(Encapsulation),
        GuePort = m.Value(GuePort),
        OuterSource4 = Source(m, AddressFamily.InterNetwork),
        OuterSource6 = Source(m, AddressFamily.InterNetworkV6),
        Oversized = m.Value(Oversized),
        IdleTimeouts = Timeouts(m),
        UdpOnRebalance = m.Value(UdpOnRebalance),
    };

    /// <summary>The timeouts of a profile, those that are not written with their defaults.</summary>
    public static IdleTimeouts Timeouts(BoundMapping m) => m.Find(IdleTimeouts) is { } timeouts
        ? IdleTimeoutsSchema.Build(timeouts.Value) : Model.IdleTimeouts.Default;

    private static ImmutableArray<IPNetwork>? Sources(NetworkProfile profile)
    {
        ImmutableArray<IPNetwork> sources =
            [.. new[] { profile.OuterSource4, profile.OuterSource6 }.OfType<IPNetwork>()];
        return sources.IsEmpty ? null : sources;
    }

    /// <summary>The prefix of a family, or null.</summary>
    private static IPNetwork? Source(BoundMapping m, AddressFamily family)
    {
        foreach (var source in m.Find(OuterSource)?.Value ?? [])
        {
            if (source.Value.BaseAddress.AddressFamily == family)
                return source.Value;
        }
        return null;
    }
}
