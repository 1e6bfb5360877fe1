using System.Collections.Immutable;

namespace Sidestep.Model.Objects;

/// <summary>Finds who names an object.</summary>
public static class ObjectUsers
{
    /// <summary>The objects that name an object, in the order of the document, such as
    /// <c>virtual service 'www'</c>.</summary>
    public static ImmutableArray<ObjectPath> Of(ObjectPath path, Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(configuration);
        if (path.Kind == ObjectKind.HealthMonitor)
            return
            [
                .. configuration.Pools.Where(p => p.Monitors is { } monitors && monitors.Contains(path.Name))
                    .Select(static p => new ObjectPath(ObjectKind.Pool, p.Name)),
            ];
        Func<VirtualService, string?>? named = path.Kind switch
        {
            _ when path.Kind == ObjectKind.Pool => static s => s.Pool,
            _ when path.Kind == ObjectKind.NetworkProfile => static s => s.NetworkProfile,
            _ when path.Kind == ObjectKind.AccessList => static s => s.AccessList,
            _ => null,
        };
        return named is null ? []
            :
            [
                .. configuration.VirtualServices.Where(s => named(s) == path.Name)
                    .Select(static s => new ObjectPath(ObjectKind.VirtualService, s.Name)),
            ];
    }
}
