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

    /// <summary>The number of a thing that has one.</summary>
    internal int this[T thing] => _ids[thing];

    /// <summary>Gives every wanted thing a number.</summary>
    /// <param name="wanted">No more than there are numbers: the caller checks capacity first.</param>
    /// <returns>The things that had none. When free numbers run out, they take over those of things that are no longer
    /// wanted; packets on their way may then be counted for the wrong one, and never go to a wrong one, because everything
    /// that a number leads to exists once per half of the tables.</returns>
    internal IReadOnlyList<T> Take(IReadOnlySet<T> wanted)
    {
        var added = wanted.Where(t => !_ids.ContainsKey(t)).ToArray();
        if (added.Length > _free.Count)
            Release(wanted, added.Length - _free.Count);
        foreach (var thing in added)
            _ids.Add(thing, _free.Dequeue());
        return added;
    }

    /// <summary>Frees the numbers of all things but these.</summary>
    /// <returns>The freed numbers.</returns>
    internal IReadOnlyList<int> KeepOnly(IReadOnlySet<T> wanted) => Release(wanted, int.MaxValue);

    private List<int> Release(IReadOnlySet<T> wanted, int atMost)
    {
        var freed = new List<int>();
        foreach (var (thing, id) in _ids.Where(e => !wanted.Contains(e.Key)).OrderBy(static e => e.Value).Take(atMost).ToArray())
        {
            _ids.Remove(thing);
            _free.Enqueue(id);
            freed.Add(id);
        }
        return freed;
    }
}
