using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The input of the rules: all values that could be read, with their locations, even if other parts were
/// rejected.</summary>
internal sealed class ConfigurationDocument
{
    private readonly Dictionary<string, BoundMapping> _pools;
    private readonly Dictionary<string, BoundMapping> _profiles;
    private readonly Dictionary<string, BoundMapping> _accessLists;
    private readonly Dictionary<string, BoundMapping> _monitors;

    public ConfigurationDocument(BoundMapping root, HostInfo? host)
    {
        Host = host;
        Node = root.Find(DocumentSchema.Node)?.Value;
        Group = root.Find(DocumentSchema.Group)?.Value;
        Interfaces = [.. Node?.Items(NodeSchema.Interfaces) ?? []];
        Profiles = [.. root.Items(DocumentSchema.NetworkProfiles)];
        Monitors = [.. root.Items(DocumentSchema.HealthMonitors)];
        Pools = [.. root.Items(DocumentSchema.Pools)];
        PoolsNode = root.Find(DocumentSchema.Pools);
        AccessLists = [.. root.Items(DocumentSchema.AccessLists)];
        Vips = [.. root.Items(DocumentSchema.Vips)];
        Services = [.. root.Items(DocumentSchema.VirtualServices)];
        _pools = ByName(Pools, PoolSchema.Name);
        _monitors = ByName(Monitors, HealthMonitorSchema.Name);
        _profiles = ByName(Profiles, NetworkProfileSchema.Name);
        _accessLists = ByName(AccessLists, AccessListSchema.Name);
    }

    public HostInfo? Host { get; }

    public BoundMapping? Node { get; }

    public BoundMapping? Group { get; }

    /// <summary>True if the group has another director than this machine, or may have one.</summary>
    public bool HasOtherDirectors => Group?.Value(GroupSchema.Peers)
        .Any(p => Host?.Interfaces.Any(i => i.Addresses.Any(a => a.Address.Equals(p.Value))) != true) == true;

    public IReadOnlyList<BoundMapping> Interfaces { get; }

    /// <summary>False if an interface of the document could not be read.</summary>
    public bool AllInterfacesAreNamed =>
        Node?.Find(NodeSchema.Interfaces)?.Node is ListNode list
        && Interfaces.Count(i => i.Find(InterfaceSchema.Name) is not null) == list.Items.Length;

    public IReadOnlyList<BoundMapping> Profiles { get; }

    public IReadOnlyList<BoundMapping> Monitors { get; }

    public IReadOnlyList<BoundMapping> Pools { get; }

    /// <summary>The section <c>pools</c> as a whole; null if there is none.</summary>
    public Located<IReadOnlyList<BoundMapping>>? PoolsNode { get; }

    public IReadOnlyList<BoundMapping> AccessLists { get; }

    public IReadOnlyList<BoundMapping> Vips { get; }

    public IReadOnlyList<BoundMapping> Services { get; }

    public IEnumerable<string> PoolNames => _pools.Keys;

    public IEnumerable<string> ProfileNames => _profiles.Keys;

    public IEnumerable<string> MonitorNames => _monitors.Keys;

    public IEnumerable<string> AccessListNames => _accessLists.Keys;

    public BoundMapping? FindPool(string name) => _pools.GetValueOrDefault(name);

    public BoundMapping? FindProfile(string name) => _profiles.GetValueOrDefault(name);

    public BoundMapping? FindMonitor(string name) => _monitors.GetValueOrDefault(name);

    public BoundMapping? FindAccessList(string name) => _accessLists.GetValueOrDefault(name);

    /// <summary>The pool that a service names; null if there is none.</summary>
    public BoundMapping? PoolOf(BoundMapping service) =>
        service.Find(VirtualServiceSchema.Pool) is { } name ? FindPool(name.Value) : null;

    /// <summary>The profile that a service names; null if there is none.</summary>
    public BoundMapping? ProfileOf(BoundMapping service) =>
        service.Find(VirtualServiceSchema.NetworkProfile) is { } name ? FindProfile(name.Value) : null;

    /// <summary>The name of a service in messages.</summary>
    public static string Title(BoundMapping service) =>
        service.Find(VirtualServiceSchema.Name) is { } name
            ? $"service {name.Value}"
            : $"the service {service.Path}";

    // The first object of a name counts; a second one is an error anyway.
    private static Dictionary<string, BoundMapping> ByName(IReadOnlyList<BoundMapping> items, Key<string> key)
    {
        var byName = new Dictionary<string, BoundMapping>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (item.Find(key) is { } name)
                byName.TryAdd(name.Value, item);
        }
        return byName;
    }
}
