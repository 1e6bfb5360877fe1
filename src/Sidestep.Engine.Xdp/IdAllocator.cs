namespace Sidestep.Engine.Xdp;

/// <summary>Gives things small numbers that stay theirs. A freed number comes back last, so that it rests longest.</summary>
/// <typeparam name="T">What identifies a thing.</typeparam>
internal sealed class IdAllocator<T> where T : notnull
{
    private readonly Dictionary<T, int> _ids = [];
    private readonly Queue<int> _free = new();

    /// <summary>Allocates from <paramref name="first"/> on.</summary>
    /// <param name="first">The smallest number.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="taken">Numbers that are in use already.</param>
    internal IdAllocator(int first, int count, IReadOnlyDictionary<T, int> taken)
    {
        foreach (var (thing, id) in taken)
            _ids.Add(thing, id);
        var used = _ids.Values.ToHashSet();
        for (var id = first; id < first + count; id++)
        {
            if (!used.Contains(id))
                _free.Enqueue(id);
        }
    }

    /// <summary>All things and their numbers.</summary>
    internal IReadOnlyDictionary<T, int> All => _ids;

    /// <summary>The number of a thing, a new one when it has none.</summary>
    /// <param name="thing">The thing.</param>
    /// <param name="isNew">True when the number was free before.</param>
    /// <exception cref="InvalidOperationException">No number is free: the caller checks capacity first.</exception>
    internal int Get(T thing, out bool isNew)
    {
        isNew = !_ids.TryGetValue(thing, out var id);
        if (isNew)
        {
            id = _free.Dequeue();
            _ids.Add(thing, id);
        }
        return id;
    }

    /// <summary>Frees the numbers of all things but these.</summary>
    /// <returns>The freed numbers.</returns>
    internal IReadOnlyList<int> KeepOnly(IReadOnlySet<T> things)
    {
        var freed = new List<int>();
        foreach (var (thing, id) in _ids.Where(e => !things.Contains(e.Key)).OrderBy(static e => e.Value).ToArray())
        {
            _ids.Remove(thing);
            _free.Enqueue(id);
            freed.Add(id);
        }
        return freed;
    }
}
