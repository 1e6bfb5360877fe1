namespace Sidestep.Model.Schema;

/// <summary>An item of <c>networkProfiles</c>.</summary>
internal static class NetworkProfileSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the network profiles.");

    public static readonly Key<ProfileType> Type = Key<ProfileType>.Optional("type",
        new ChoiceKind<ProfileType>(
            new("tcp-fast-path", ProfileType.TcpFastPath, "For TCP services only."),
            new("udp-fast-path", ProfileType.UdpFastPath, "For UDP services only.")),
        "The protocol of the services that may use the profile; without it, both.");

    public static readonly Key<DsrType> DsrType = Key<DsrType>.WithDefault("dsrType",
        new ChoiceKind<DsrType>(
            new("l3", Model.DsrType.L3, "Encapsulated: servers may be routers away."),
            new("l2", Model.DsrType.L2, "New MAC addresses only: servers are on a directly attached network.")),
        Model.DsrType.L3, "How packets are carried to the real servers.");

    public static readonly Key<Encapsulation> Encapsulation = Key<Encapsulation>.WithDefault("encapsulation",
        new ChoiceKind<Encapsulation>(
            new Choice<Encapsulation>("ipip", Model.Encapsulation.IpIp, "IPv4 in IPv4, protocol 4 (RFC 2003).")),
        Model.Encapsulation.IpIp, "The outer header at layer 3; without meaning at layer 2.");

    public static readonly MappingKind Kind = new("a network profile",
        "How traffic reaches the real servers. With a name only: layer 3 with IP-in-IP.",
        Name, Type, DsrType, Encapsulation);

    public static NetworkProfile Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Type = m.Find(Type)?.Value,
        DsrType = m.Value(DsrType),
        Encapsulation = m.Value(Encapsulation),
    };
}
