using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>vips</c>.</summary>
internal static class VipSchema
{
    public static readonly Key<IPNetwork> Address = Key<IPNetwork>.Mandatory("address", new PrefixKind("a VIP"),
        "The VIP, written exactly as in the services.");

    public static readonly Key<EchoPolicy> Echo = Key<EchoPolicy>.WithDefault("echo",
        new ChoiceKind<EchoPolicy>(
            new("active", EchoPolicy.Active, "The director replies while the VIP is in service."),
            new("always", EchoPolicy.Always, "The director replies, in service or not."),
            new("forward", EchoPolicy.Forward, "The director forwards the request to a real server, which may reply."),
            new("drop", EchoPolicy.Drop, "The director drops the request.")),
        EchoPolicy.Active, "What the director does with an echo request (ping) to the VIP.");

    public static readonly MappingKind Kind = new("a VIP",
        "Settings of a VIP that apply to all services of the VIP.", Address, Echo, MetadataSchema.Labels,
        MetadataSchema.Annotations);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(Vip vip) => MappingNode.Of(
        Address.Write(vip.Address), Echo.Write(vip.Echo),
        MetadataSchema.WriteLabels(vip.Metadata),
        MetadataSchema.WriteAnnotations(vip.Metadata));

    public static Vip Build(BoundMapping m) => new(m.Value(Address), m.Value(Echo))
    {
        Metadata = MetadataSchema.Build(m),
    };
}
