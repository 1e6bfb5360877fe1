using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Sidestep.Agent.Input;
using Sidestep.Native;

namespace Sidestep.Agent.Programs;

/// <summary>The maps of the programs; all interfaces share them.</summary>
internal sealed class AgentMaps : IDisposable
{
    public const string SourcesName = "sources", AddressesName = "addresses", VipsName = "vips", SettingsName = "settings",
        CountersName = "counters", VipCountersName = "vip_counters";

    public static readonly string[] Names = [SourcesName, AddressesName, VipsName, SettingsName, CountersName, VipCountersName];
    private readonly Dictionary<string, BpfMap> _maps;

    private AgentMaps(Dictionary<string, BpfMap> maps) => _maps = maps;

    /// <summary>The maps of an object that has been loaded.</summary>
    public static AgentMaps Of(BpfObject loaded) => new(Names.ToDictionary(static n => n, loaded.Map));

    /// <summary>Finds the maps by what the kernel knows of the program at ingress: no file is needed, in whatever mount
    /// namespace.</summary>
    /// <returns>Null when the program lacks one of them, as an older or newer one may.</returns>
    public static AgentMaps? Of(BpfProgram attached)
    {
        var found = new Dictionary<string, BpfMap>();
        foreach (var id in attached.MapIds())
        {
            var map = BpfMap.OpenById(id);
            if (!Names.Contains(map.Name) || !found.TryAdd(map.Name, map))
                map.Dispose();
        }
        var maps = new AgentMaps(found);
        if (found.Count == Names.Length)
            return maps;
        maps.Dispose();
        return null;
    }

    public BpfMap this[string name] => _maps[name];

    /// <summary>Where outer headers may come from.</summary>
    public IReadOnlyList<string> Sources() => Sorted(_maps[SourcesName].Keys<PrefixKey>().Select(static k => Text.Of(k.ToNetwork())));

    /// <summary>The server's own addresses.</summary>
    public IReadOnlyList<string> Addresses() => Sorted(_maps[AddressesName].Keys<AddressKey>().Select(static k => k.ToAddress().ToString()));

    /// <summary>VIPs with the most that a SYN-ACK may offer (0: anything).</summary>
    public IReadOnlyList<VipWish> Vips() => [.. Entries().Select(static e => new VipWish(e.Key.ToNetwork(), (int)e.Value.Mss))];

    public SettingsValue Settings => _maps[SettingsName].TryLookup<int, SettingsValue>(0, out var value) ? value : default;

    public string SettingsText => Describe(Settings);

    public static string Describe(SettingsValue value)
    {
        var words = new List<string>();
        if (value.Kinds.HasFlag(Kinds.IpIp))
            words.Add("ipip");
        if (value.Kinds.HasFlag(Kinds.Gre))
            words.Add("gre");
        if (value.Kinds.HasFlag(Kinds.Gue))
        {
            foreach (var port in value.GuePorts)
            {
                if (port != 0)
                    words.Add("gue:" + BinaryPrimitives.ReverseEndianness(port).ToString(CultureInfo.InvariantCulture));
            }
        }
        return words.Count == 0 ? "none" : string.Join(' ', words);
    }

    public static SettingsValue SettingsOf(Kinds kinds, IEnumerable<int> guePorts)
    {
        var value = new SettingsValue { Kinds = kinds };
        var at = 0;
        foreach (var port in guePorts.Order())
            value.GuePorts[at++] = BinaryPrimitives.ReverseEndianness((ushort)port);
        return value;
    }

    public void Write(SettingsValue value) => _maps[SettingsName].Update(0, value);

    public void WriteSources(IEnumerable<IPNetwork> wanted) => Write(_maps[SourcesName], wanted.Select(PrefixKey.Of));

    public void WriteAddresses(IEnumerable<IPAddress> wanted) => Write(_maps[AddressesName], wanted.Select(AddressKey.Of));

    /// <summary>Those that stay keep their counters.</summary>
    public void WriteVips(IReadOnlyList<VipWish> wanted)
    {
        var map = _maps[VipsName];
        var present = Entries().ToDictionary(static e => e.Key.ToNetwork(), static e => e.Value);
        var free = Enumerable.Range(0, (int)map.Shape.Entries).Except(present.Values.Select(static v => v.Index)).GetEnumerator();
        foreach (var vip in wanted)
        {
            if (!present.TryGetValue(vip.Network, out var value))
            {
                free.MoveNext();
                value.Index = free.Current;
                _maps[VipCountersName].Update(value.Index, default(VipCounters));
            }
            if (value.Mss == vip.Mss && present.ContainsKey(vip.Network))
                continue;
            value.Mss = (uint)vip.Mss;
            map.Update(PrefixKey.Of(vip.Network), value);
        }
        foreach (var gone in present.Keys.Except(wanted.Select(static v => v.Network)))
            map.Delete(PrefixKey.Of(gone));
    }

    /// <summary>Handshakes of each VIP.</summary>
    public IReadOnlyList<(IPNetwork Vip, VipCounters Counters)> Traffic() => [.. Entries()
        .Select(e => (e.Key.ToNetwork(), _maps[VipCountersName].TryLookup<int, VipCounters>(e.Value.Index, out var c) ? c : default))];

    /// <summary>Sums over all CPUs.</summary>
    public IReadOnlyDictionary<PacketCounter, ulong> Counters()
    {
        var names = Enum.GetValues<PacketCounter>();
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

    private List<(PrefixKey Key, VipValue Value)> Entries()
    {
        var entries = new List<(PrefixKey, VipValue)>();
        foreach (var key in _maps[VipsName].Keys<PrefixKey>())
        {
            if (_maps[VipsName].TryLookup<PrefixKey, VipValue>(key, out var value))
                entries.Add((key, value));
        }
        return entries;
    }

    /// <summary>New members come in before old ones go: what stays is never missing.</summary>
    private static void Write<TKey>(BpfMap map, IEnumerable<TKey> wanted) where TKey : unmanaged
    {
        var keys = wanted.ToHashSet();
        var present = map.Keys<TKey>();
        foreach (var key in keys.Except(present))
            map.Update(key, 1u);
        foreach (var key in present.Except(keys))
            map.Delete(key);
    }

    private static string[] Sorted(IEnumerable<string> values) => [.. values.Order(StringComparer.Ordinal)];

    /// <summary>struct packet_counters.</summary>
    [InlineArray(16)]
    private struct CounterValues
    {
        private ulong _first;
    }
}
