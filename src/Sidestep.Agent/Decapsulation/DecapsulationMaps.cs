using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.Agent.Decapsulation;

/// <summary>The maps of one decapsulation program; all interfaces share them.</summary>
internal sealed class DecapsulationMaps : IDisposable
{
    public const string DirectorsName = "directors", AddressesName = "addresses", VipsName = "vips", CountersName = "counters";
    public static readonly string[] Names = [DirectorsName, AddressesName, VipsName, CountersName];
    private readonly Dictionary<string, BpfMap> _maps;

    private DecapsulationMaps(Dictionary<string, BpfMap> maps) => _maps = maps;

    /// <summary>The maps of an object that has been loaded.</summary>
    public static DecapsulationMaps Of(BpfObject loaded) => new(Names.ToDictionary(static n => n, loaded.Map));

    /// <summary>Finds the maps by what the kernel knows of the program: no file is needed, in whatever mount namespace.</summary>
    /// <returns>Null when the program lacks one of them, as an older or newer one may.</returns>
    public static DecapsulationMaps? Of(BpfProgram attached)
    {
        var found = new Dictionary<string, BpfMap>();
        foreach (var id in attached.MapIds())
        {
            var map = BpfMap.OpenById(id);
            if (!Names.Contains(map.Name) || !found.TryAdd(map.Name, map))
                map.Dispose();
        }
        var maps = new DecapsulationMaps(found);
        if (found.Count == Names.Length)
            return maps;
        maps.Dispose();
        return null;
    }

    public BpfMap this[string name] => _maps[name];

    public IReadOnlyList<IPAddress> Read(string set) =>
        [.. _maps[set].Keys<uint>().Select(static k => new IPAddress(k)).OrderBy(static a => a.ToString(), StringComparer.Ordinal)];

    /// <summary>Makes a set what it shall be. New members come in before old ones go: what stays is never missing.</summary>
    public void Write(string set, IEnumerable<IPAddress> wanted)
    {
        var keys = wanted.Select(Key).ToHashSet();
        var map = _maps[set];
        var present = map.Keys<uint>();
        foreach (var key in keys.Except(present))
            map.Update(key, 1u);
        foreach (var key in present.Except(keys))
            map.Delete(key);
    }

    public void Remove(string set, IPAddress member) => _maps[set].Delete(Key(member));

    /// <summary>Sums over all CPUs.</summary>
    public IReadOnlyDictionary<DecapsulationCounter, ulong> Counters()
    {
        var names = Enum.GetValues<DecapsulationCounter>();
        var sums = names.ToDictionary(static n => n, static _ => 0ul);
        var map = _maps[CountersName];
        for (var cpu = 0; cpu < map.Shape.Entries; cpu++)
        {
            if (!map.TryLookup<int, CounterValues>(cpu, out var values))
                continue;
            foreach (var name in names)
                sums[name] += values[(int)name];
        }
        return sums;
    }

    public void Dispose()
    {
        foreach (var map in _maps.Values)
            map.Dispose();
    }

    /// <summary>The kernel compares keys as bytes, in network order.</summary>
    private static uint Key(IPAddress address) => MemoryMarshal.Read<uint>(address.GetAddressBytes());

    /// <summary>struct decapsulation_counters.</summary>
    [InlineArray(16)]
    private struct CounterValues
    {
        private ulong _first;
    }
}
