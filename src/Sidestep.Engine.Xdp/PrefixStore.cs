using System.Net;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Sets of prefixes in the kernel's LPM trie: access lists, and VIP prefixes. A set never changes: other
/// content becomes another set, so that no packet sees a partly written one.</summary>
internal sealed class PrefixStore
{
    private const int SetBits = 32;
    private readonly IPrefixTrie _trie;
    private readonly Dictionary<uint, IReadOnlyCollection<PrefixKey>> _keys = [];
    private readonly Dictionary<AccessList, uint> _lists = new(ReferenceEqualityComparer.Instance);
    private (IPNetwork, int)[] _vips = [];
    private uint _vipSet;
    private uint _lastSet;

    /// <summary>Adopts the sets that an earlier process left; the first <see cref="RetainOnly"/> deletes those that are
    /// unused.</summary>
    internal PrefixStore(IPrefixTrie trie)
    {
        _trie = trie;
        foreach (var set in trie.Keys().GroupBy(static k => k.Set & ~1U))
        {
            _keys.Add(set.Key, set.ToArray());
            _lastSet = Math.Max(_lastSet, set.Key);
        }
    }

    /// <summary>Returns the id of the set for an access list, and writes the set if it is new.</summary>
    internal uint SetOf(AccessList list)
    {
        if (_lists.TryGetValue(list, out var known))
            return known;
        var entries = list.Allow.Select(static p => (p, 1U)).Concat(list.Deny.Select(static p => (p, 0U))).ToList();
        var set = Write(entries, defaultAllows: list.Allow.IsEmpty ? 1U : 0U);
        _lists.Add(list, set);
        return set;
    }

    /// <summary>Returns the id of the set of VIP prefixes, each with the id of its VIP; 0 when there are
    /// none.</summary>
    internal uint SetOf(IEnumerable<(IPNetwork Prefix, int Number)> vips)
    {
        var requested = vips.ToArray();
        if (!requested.AsSpan().SequenceEqual(_vips))
        {
            _vipSet = requested.Length == 0
                ? 0
                : Write([.. requested.Select(static v => (v.Prefix, (uint)v.Number))], defaultAllows: null);
            _vips = requested;
        }
        return _vipSet;
    }

    /// <summary>Deletes all sets except those in use. Call it when no packet uses the others any more.</summary>
    internal void RetainOnly(IReadOnlySet<uint> inUse)
    {
        foreach (var (set, keys) in _keys.Where(s => !inUse.Contains(s.Key)).ToArray())
        {
            foreach (var key in keys)
                _trie.Delete(key);
            _keys.Remove(set);
        }
        foreach (var list in _lists.Where(l => !inUse.Contains(l.Value)).Select(static l => l.Key).ToArray())
            _lists.Remove(list);
        if (!inUse.Contains(_vipSet))
            (_vipSet, _vips) = (0, []);
    }

    private uint Write(List<(IPNetwork Prefix, uint Value)> entries, uint? defaultAllows)
    {
        var set = _lastSet += 2;
        var keys = new List<PrefixKey>(entries.Count + 1);
        _keys.Add(set, keys);
        void Put(PrefixKey key, uint value)
        {
            _trie.Update(key, value);
            keys.Add(key);
        }
        if (defaultAllows is { } allows)
        {
            Put(new PrefixKey { Length = SetBits, Set = set }, allows);
            Put(new PrefixKey { Length = SetBits, Set = set | 1 }, allows);
        }
        foreach (var (prefix, value) in entries)
            Put(KeyOf(set, prefix), value);
        return set;
    }

    /// <summary>The trie key of a prefix: IPv4 as ::ffff:a.b.c.d in the even set, IPv6 in the odd set, because ::/0
    /// must not match IPv4.</summary>
    internal static PrefixKey KeyOf(uint set, IPNetwork prefix)
    {
        var isIpv6 = Wire.IsIpv6(prefix.BaseAddress);
        return new PrefixKey
        {
            Length = (uint)(SetBits + (isIpv6 ? 0 : 96) + prefix.PrefixLength),
            Set = isIpv6 ? set | 1 : set,
            Address = Wire.Bytes(prefix.BaseAddress.MapToIPv6()),
        };
    }
}
