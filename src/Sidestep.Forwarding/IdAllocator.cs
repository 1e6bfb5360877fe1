namespace Sidestep.Forwarding;

/// <summary>Gives things small numbers that stay theirs: near ones first. Of these, and of the others, a freed number comes
/// back last, so that it rests longest.</summary>
/// <typeparam name="T">What identifies a thing.</typeparam>
public sealed class IdAllocator<T> where T : notnull
{
    private readonly Dictionary<T, int> _ids = [];
    private readonly Queue<int> _near = new();
    private readonly Queue<int> _far = new();
    private readonly int _nearEnd;

    /// <summary>Allocates from <paramref name="first"/> on.</summary>
    /// <param name="first">The smallest number.</param>
    /// <param name="nearEnd">Numbers below are near.</param>
    /// <param name="end">All are below.</param>
    /// <param name="taken">Numbers that are in use already.</param>
    public IdAllocator(int first, int nearEnd, int end, IReadOnlyDictionary<T, int> taken)
    {
        _nearEnd = nearEnd;
        foreach (var (thing, id) in taken)
            _ids.Add(thing, id);
        var used = _ids.Values.ToHashSet();
        for (var id = first; id < end; id++)
        {
            if (!used.Contains(id))
                Free(id);
        }
    }

    /// <summary>The number of a thing that has one.</summary>
    public int this[T thing] => _ids[thing];

    /// <summary>The things that have a number.</summary>
    public IReadOnlyCollection<T> Things => _ids.Keys;

    /// <summary>Gives things a number that have none.</summary>
    /// <param name="wanted">No more than there are numbers: the caller checks capacity first.</param>
    /// <param name="leaving">Things that will be released after the change. When free numbers run out, theirs are taken over;
    /// packets on their way may then be counted for the wrong one, and never go to a wrong one, because everything that a
    /// number leads to exists once per half of the tables.</param>
    /// <returns>The things that had none.</returns>
    public IReadOnlyList<T> Take(IEnumerable<T> wanted, IEnumerable<T> leaving)
    {
        var added = wanted.Where(t => !_ids.ContainsKey(t)).Distinct().ToArray();
        var free = _near.Count + _far.Count;
        if (added.Length > free)
            Release(leaving.Take(added.Length - free));
        foreach (var thing in added)
            _ids.Add(thing, _near.TryDequeue(out var id) ? id : _far.Dequeue());
        return added;
    }

    private void Free(int id) => (id < _nearEnd ? _near : _far).Enqueue(id);

    /// <summary>Frees the numbers of things; of those that have one.</summary>
    /// <returns>The freed numbers.</returns>
    public IReadOnlyList<int> Release(IEnumerable<T> things)
    {
        var freed = new List<int>();
        foreach (var thing in things.ToArray())
        {
            if (!_ids.Remove(thing, out var id))
                continue;
            Free(id);
            freed.Add(id);
        }
        return freed;
    }
}
