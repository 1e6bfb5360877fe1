using Sidestep.Engine.Xdp.Layout;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The operations of the kernel's LPM trie that <see cref="PrefixStore"/> needs.</summary>
internal interface IPrefixTrie
{
    /// <summary>The keys of all entries, in any order.</summary>
    IReadOnlyList<PrefixKey> Keys();

    /// <summary>Adds or replaces an entry.</summary>
    void Update(PrefixKey key, uint value);

    /// <summary>Removes an entry, if it exists.</summary>
    void Delete(PrefixKey key);
}

/// <summary>The LPM trie as a map in the kernel.</summary>
/// <param name="map">A map of type BPF_MAP_TYPE_LPM_TRIE; not owned.</param>
internal sealed class PrefixTrie(BpfMap map) : IPrefixTrie
{
    /// <inheritdoc/>
    public IReadOnlyList<PrefixKey> Keys() => map.Keys<PrefixKey>();

    /// <inheritdoc/>
    public void Update(PrefixKey key, uint value) => map.Update(key, value);

    /// <inheritdoc/>
    public void Delete(PrefixKey key) => map.Delete(key);
}
