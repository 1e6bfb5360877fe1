using System.Collections.Immutable;
using System.Text.Json;

namespace Sidestep.Model.Objects;

/// <summary>Keeps the instances of what a change does not touch: the table compiler and the control loop recognise
/// unchanged pools by them.</summary>
public static class UnchangedObjects
{
    /// <summary>The new configuration with the previous instances of equal pools and services.</summary>
    /// <param name="before">The previous configuration.</param>
    /// <param name="beforeDocument">The same as <see cref="ConfigurationWriter"/> writes it.</param>
    /// <param name="after">The new configuration.</param>
    /// <param name="afterDocument">The same as it is written.</param>
    public static Configuration Reuse(Configuration before, JsonElement beforeDocument, Configuration after,
        JsonElement afterDocument)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return after with
        {
            Pools = Reuse(ObjectKind.Pool, before.Pools, beforeDocument, after.Pools, afterDocument),
            VirtualServices = Reuse(ObjectKind.VirtualService, before.VirtualServices, beforeDocument,
                after.VirtualServices, afterDocument),
        };
    }

    private static ImmutableArray<T> Reuse<T>(ObjectKind kind, ImmutableArray<T> before, JsonElement beforeDocument,
        ImmutableArray<T> after, JsonElement afterDocument)
    {
        // Documents list objects in the order of the models.
        var known = new Dictionary<string, (T Item, JsonElement Written)>(before.Length, StringComparer.Ordinal);
        foreach (var (item, written) in before.Zip(ObjectLookup.Items(beforeDocument, kind, null)!))
            known[ObjectLookup.NameOf(kind, written)] = (item, written);
        return
        [
            .. after.Zip(ObjectLookup.Items(afterDocument, kind, null)!, (item, written) =>
                known.TryGetValue(ObjectLookup.NameOf(kind, written), out var previous)
                && JsonElement.DeepEquals(previous.Written, written) ? previous.Item : item),
        ];
    }
}
