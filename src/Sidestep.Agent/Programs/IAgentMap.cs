using Sidestep.Native;

namespace Sidestep.Agent.Programs;

/// <summary>One map of the programs. Keys and values have the byte layout of src/bpf/agent/maps.h.</summary>
internal interface IAgentMap : IDisposable
{
    /// <summary>The largest number of entries.</summary>
    int Capacity { get; }

    IReadOnlyList<TKey> Keys<TKey>() where TKey : unmanaged;

    /// <summary>False: there is no such key.</summary>
    bool TryLookup<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged;

    /// <summary>Adds an entry or replaces its value.</summary>
    void Update<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged;

    void Delete<TKey>(TKey key) where TKey : unmanaged;
}

/// <summary>A map of the agent's programs in the kernel.</summary>
internal sealed class KernelMap(BpfMap map) : IAgentMap
{
    public BpfMap Map => map;

    public int Capacity => (int)map.Definition.Entries;

    public IReadOnlyList<TKey> Keys<TKey>() where TKey : unmanaged => map.Keys<TKey>();

    public bool TryLookup<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged =>
        map.TryLookup(key, out value);

    public void Update<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged =>
        map.Update(key, value);

    public void Delete<TKey>(TKey key) where TKey : unmanaged => map.Delete(key);

    public void Dispose() => map.Dispose();
}
