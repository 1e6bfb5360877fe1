using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>accessLists</c>.</summary>
internal static class AccessListSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the access lists.");

    public static readonly Key<IReadOnlyList<Located<IPNetwork>>> Allow = List("allow",
        "Source addresses and prefixes that may use the service. If there are any, all other sources are denied.");

    public static readonly Key<IReadOnlyList<Located<IPNetwork>>> Deny = List("deny",
        "Source addresses and prefixes that may not use the service. The longest matching prefix decides.");

    public static readonly MappingKind Kind = new("an access list", "Source addresses that may use a service.",
        Name, Allow, Deny, MetadataSchema.Labels, MetadataSchema.Annotations);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(AccessList list) => MappingNode.Of(
        Name.Write(list.Name), Allow.WriteValues(list.Allow), Deny.WriteValues(list.Deny),
        MetadataSchema.WriteLabels(list.Metadata),
        MetadataSchema.WriteAnnotations(list.Metadata));

    public static AccessList Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Metadata = MetadataSchema.Build(m),
        Allow = [.. m.Value(Allow).Select(p => p.Value)],
        Deny = [.. m.Value(Deny).Select(p => p.Value)],
    };

    private static Key<IReadOnlyList<Located<IPNetwork>>> List(string name, string description) =>
        Key<IReadOnlyList<Located<IPNetwork>>>.WithDefault(name,
            new ValueListKind<IPNetwork>("prefixes", 0, Limits.AccessListPrefixes, new PrefixKind(null)), [],
            description);
}
