using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>Finds the earlier group that a group continues, so that its flows keep their servers.</summary>
public sealed class GroupHistory
{
    private readonly Dictionary<GroupKey, ServerGroup> _groups;
    private readonly Func<GroupKey, bool> _isRequired;
    private readonly Lazy<ILookup<Model.PoolKey, ServerGroup>> _byPool;

    /// <summary>Compares earlier groups with the next ones.</summary>
    /// <param name="groups">The groups of the tables in force.</param>
    /// <param name="isRequired">True for the key of a group of the next tables.</param>
    public GroupHistory(ImmutableArray<ServerGroup> groups, Func<GroupKey, bool> isRequired)
    {
        _groups = groups.ToDictionary(static g => g.Key);
        _isRequired = isRequired;
        _byPool = new Lazy<ILookup<Model.PoolKey, ServerGroup>>(() => groups.ToLookup(static g => g.Key.Pool));
    }

    /// <summary>The group with this key.</summary>
    public ServerGroup? Find(GroupKey key) => _groups.GetValueOrDefault(key);

    /// <summary>The group with this key, or the one whose place it takes: that of all services of the pool, that of the
    /// same service by another encapsulation, or one that no service uses any more. Null: it is the group of a new
    /// service.</summary>
    public ServerGroup? Predecessor(GroupKey key)
    {
        if ((Find(key) ?? Find(key.Shared)) is { } group)
            return group;
        ServerGroup? leaving = null;
        foreach (var other in _byPool.Value[key.Pool])
        {
            if (other.Key.Service == key.Service)
                return other;
            if (leaving is null && (key.Service is null || !_isRequired(other.Key)))
                leaving = other;
        }
        return leaving;
    }

    /// <summary>The <see cref="Predecessor"/>, or else any group of the pool: it has the times at which drains
    /// began.</summary>
    public ServerGroup? PredecessorOrSibling(GroupKey key) =>
        Predecessor(key) ?? _byPool.Value[key.Pool].FirstOrDefault();
}
