using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>An item of <c>vips</c>.</summary>
internal static class VipSchema
{
    public static readonly Key<IPNetwork> Address = Key<IPNetwork>.Mandatory("address", new PrefixKind("a VIP"),
        "The VIP, exactly as services name it.");

    public static readonly Key<EchoPolicy> Echo = Key<EchoPolicy>.WithDefault("echo",
        new ChoiceKind<EchoPolicy>(
            new("active", EchoPolicy.Active, "Answered while the VIP is in service."),
            new("always", EchoPolicy.Always, "Answered, in service or not."),
            new("forward", EchoPolicy.Forward, "Forwarded to a real server, which answers as it likes."),
            new("drop", EchoPolicy.Drop, "Dropped.")),
        EchoPolicy.Active, "What an echo request (ping) to the VIP gets.");

    public static readonly MappingKind Kind = new("a VIP", "What is said about a VIP itself, whatever services it has.",
        Address, Echo);

    public static Vip Build(BoundMapping m) => new(m.Value(Address), m.Value(Echo));
}
