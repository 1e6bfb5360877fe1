using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Identifies a group: a pool that is reached by one encapsulation, for one service or for all.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Encap">The encapsulation.</param>
/// <param name="Service">The service whose checks judge the servers; null: the services of the pool share the
/// group.</param>
public readonly record struct GroupKey(PoolKey Pool, Encap Encap, ServiceKey? Service = null)
{
    /// <summary>The key without the service: what a probe to a server depends on.</summary>
    public GroupKey Shared => new(Pool, Encap);

    /// <summary>Leaves out the encapsulation: few pools are reached by more than one.</summary>
    public override int GetHashCode() =>
        Service is { } service ? HashCode.Combine(Pool, service.Name) : Pool.GetHashCode();

    /// <summary>Pool and encapsulation: <c>web/l2</c>. For messages see <see cref="GroupNames"/>.</summary>
    public override string ToString() => $"{Pool}/{Encap}";

    /// <summary>Parses the result of <see cref="ToString"/>; the key has no service.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static GroupKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // An outer source, behind an @, contains slashes too. The names of pools and tenants contain neither.
        var source = text.IndexOf('@', StringComparison.Ordinal);
        var slash = text.AsSpan(0, source < 0 ? text.Length : source).LastIndexOf('/');
        return slash > 0 && Encap.TryParse(text[(slash + 1)..], out var encap)
            ? new GroupKey(PoolKey.Parse(text[..slash]), encap.Value)
            : throw new FormatException($"'{text}' is not a group: write POOL/ENCAPSULATION");
    }
}

/// <summary>Names of groups in messages: <c>web/l2</c>, or <c>web/l2 for https</c> where several services of a pool
/// have groups of their own.</summary>
/// <param name="groups">The keys of all groups, without repetition.</param>
public sealed class GroupNames(IEnumerable<GroupKey> groups)
{
    private readonly Dictionary<GroupKey, int> _counts = groups.CountBy(static g => g.Shared).ToDictionary();

    /// <summary>The name of a group.</summary>
    public string Of(GroupKey group) => group.Service is { } service && _counts.GetValueOrDefault(group.Shared) > 1
        ? $"{group} for {service}" : group.ToString();
}
