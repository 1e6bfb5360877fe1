using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of the whole configuration document.</summary>
internal static class DocumentSchema
{
    public static readonly Key<BoundMapping> Node = Key<BoundMapping>.Mandatory("node", NodeSchema.Kind,
        "This director: its name, interfaces and engine.");

    public static readonly Key<BoundMapping> Group = Key<BoundMapping>.Mandatory("group", GroupSchema.Kind,
        "What all directors of the group share.");

    public static readonly Key<IReadOnlyList<BoundMapping>> NetworkProfiles = List("networkProfiles",
        new("network profiles", 0, Limits.NetworkProfiles, NetworkProfileSchema.Kind),
        "How traffic reaches the real servers.");

    public static readonly Key<IReadOnlyList<BoundMapping>> HealthMonitors = List("healthMonitors",
        new("health monitors", 0, Limits.HealthMonitors, HealthMonitorSchema.Kind),
        "How the director probes real servers.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Pools = List("pools",
        new("pools", 0, Limits.Pools, PoolSchema.Kind), "Groups of real servers.");

    public static readonly Key<IReadOnlyList<BoundMapping>> AccessLists = List("accessLists",
        new("access lists", 0, Limits.AccessLists, AccessListSchema.Kind), "Source addresses that may use services.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Vips = List("vips",
        new("VIPs", 0, Limits.Vips, VipSchema.Kind), "Settings of VIPs that apply to all services of the VIP.");

    public static readonly Key<IReadOnlyList<BoundMapping>> VirtualServices = List("virtualServices",
        new("virtual services", 0, Limits.VirtualServices, VirtualServiceSchema.Kind),
        "The services that clients connect to.");

    public static readonly MappingKind Kind = new("the configuration", "The configuration of a Sidestep director.",
        Node, Group, NetworkProfiles, HealthMonitors, Pools, AccessLists, Vips, VirtualServices);

    /// <summary>The configuration of a document that has no errors.</summary>
    public static Configuration Build(BoundMapping m) => new()
    {
        Node = NodeSchema.Build(m.Find(Node)!.Value),
        Group = GroupSchema.Build(m.Find(Group)!.Value),
        NetworkProfiles = [.. m.Items(NetworkProfiles).Select(NetworkProfileSchema.Build)],
        HealthMonitors = [.. m.Items(HealthMonitors).Select(HealthMonitorSchema.Build)],
        Pools = [.. m.Items(Pools).Select(PoolSchema.Build)],
        AccessLists = [.. m.Items(AccessLists).Select(AccessListSchema.Build)],
        Vips = [.. m.Items(Vips).Select(VipSchema.Build)],
        VirtualServices = [.. m.Items(VirtualServices).Select(VirtualServiceSchema.Build)],
    };

    /// <summary>The document as it is written: keys in the order of the schema, without values that are
    /// defaults.</summary>
    public static MappingNode Write(Configuration configuration) => MappingNode.Of(
        Node.WriteMapping(NodeSchema.Write(configuration.Node)),
        Group.WriteMapping(GroupSchema.Write(configuration.Group)),
        NetworkProfiles.WriteItems(configuration.NetworkProfiles, NetworkProfileSchema.Write),
        HealthMonitors.WriteItems(configuration.HealthMonitors, HealthMonitorSchema.Write),
        Pools.WriteItems(configuration.Pools, PoolSchema.Write),
        AccessLists.WriteItems(configuration.AccessLists, AccessListSchema.Write),
        Vips.WriteItems(configuration.Vips, VipSchema.Write),
        VirtualServices.WriteItems(configuration.VirtualServices, VirtualServiceSchema.Write));

    private static Key<IReadOnlyList<BoundMapping>> List(string name, ListKind kind, string description) =>
        Key<IReadOnlyList<BoundMapping>>.WithDefault(name, kind, [], description);
}
