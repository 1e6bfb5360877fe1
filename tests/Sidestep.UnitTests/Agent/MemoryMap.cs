using System.Runtime.InteropServices;
using Sidestep.Agent.Programs;

namespace Sidestep.UnitTests.Agent;

/// <summary>A map of bytes in memory, as the kernel sees them.</summary>
internal sealed class MemoryMap(int capacity) : IAgentMap
{
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<IAgentMap,
        IReadOnlyDictionary<string, IAgentMap>> Sets = [];

    public int Capacity => capacity;

    /// <summary>Values by key, both as bytes in hexadecimal.</summary>
    public Dictionary<string, byte[]> Entries { get; } = [];

    /// <summary>Updates (+) and deletions (-) in their order, by key in hexadecimal.</summary>
    public List<string> Changes { get; } = [];

    /// <summary>New maps with the sizes of src/bpf/agent/maps.h and two CPUs.</summary>
    public static AgentMaps NewMaps(int entries = 4096)
    {
        var set = AgentMaps.Names.ToDictionary(static n => n, n => (IAgentMap)new MemoryMap(
            n switch { AgentMaps.SettingsName => 1, AgentMaps.CountersName => 2, _ => entries }));
        Sets.Add(set[AgentMaps.VipsName], set);
        return new AgentMaps(set);
    }

    /// <summary>The maps behind an object that reads them.</summary>
    public static IReadOnlyDictionary<string, IAgentMap> SetOf(AgentMaps maps) =>
        Sets.TryGetValue(maps[AgentMaps.VipsName], out var set) ? set : throw new InvalidOperationException();

    public IReadOnlyList<TKey> Keys<TKey>() where TKey : unmanaged =>
        [.. Entries.Keys.Select(static k => MemoryMarshal.Read<TKey>(Convert.FromHexString(k)))];

    public bool TryLookup<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        value = default;
        if (!Entries.TryGetValue(Hex(key), out var bytes))
            return false;
        value = MemoryMarshal.Read<TValue>(bytes);
        return true;
    }

    public void Update<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        Changes.Add("+" + Hex(key));
        Assert.True(Entries.ContainsKey(Hex(key)) || Entries.Count < capacity, "the map is full");
        Entries[Hex(key)] = MemoryMarshal.AsBytes(new ReadOnlySpan<TValue>(in value)).ToArray();
    }

    public void Delete<TKey>(TKey key) where TKey : unmanaged
    {
        Changes.Add("-" + Hex(key));
        Assert.True(Entries.Remove(Hex(key)), "no such key");
    }

    public void Dispose()
    {
    }

    private static string Hex<T>(T value) where T : unmanaged =>
        Convert.ToHexString(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}
