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
    public IReadOnlyList<string> Sources() => Sorted(_maps[SourcesName].Keys<PrefixKey>().Select(static k => PrefixText.Of(k.ToNetwork())));

    /// <summary>The server's own addresses.</summary>
    public IReadOnlyList<string> Addresses() => Sorted(_maps[AddressesName].Keys<AddressKey>().Select(static k => k.ToAddress().ToString()));

    /// <summary>VIPs with the most that a SYN-ACK may offer (0: anything).</summary>
    public IReadOnlyList<DesiredVip> Vips() => [.. Entries().Select(static e => new DesiredVip(e.Key.ToNetwork(), (int)e.Value.Mss))];

    public SettingsValue Settings => _maps[SettingsName].TryLookup<int, SettingsValue>(0, out var value) ? value : default;

    public string SettingsText => Describe(Settings);

    public static string Describe(SettingsValue value)
    {
        var parts = new List<string>();
        if (value.Kinds.HasFlag(EncapsulationFlags.IpIp))
            parts.Add("ipip");
        if (value.Kinds.HasFlag(EncapsulationFlags.Gre))
            parts.Add("gre");
        if (value.Kinds.HasFlag(EncapsulationFlags.Gue))
        {
            foreach (var port in value.GuePorts)
            {
                if (port != 0)
                    parts.Add("gue:" + BinaryPrimitives.ReverseEndianness(port).ToString(CultureInfo.InvariantCulture));
            }
        }
        return parts.Count == 0 ? "none" : string.Join(' ', parts);
    }

    public static SettingsValue SettingsOf(EncapsulationFlags encapsulations, IEnumerable<int> guePorts)
    {
        var value = new SettingsValue { Kinds = encapsulations };
        var at = 0;
        foreach (var port in guePorts.Order())
            value.GuePorts[at++] = BinaryPrimitives.ReverseEndianness((ushort)port);
        return value;
    }

    public void Write(SettingsValue value) => _maps[SettingsName].Update(0, value);

    public void WriteSources(IEnumerable<IPNetwork> desired) => Write(_maps[SourcesName], desired.Select(PrefixKey.Of));

    public void WriteAddresses(IEnumerable<IPAddress> desired) => Write(_maps[AddressesName], desired.Select(AddressKey.Of));

    /// <summary>Those that stay keep their counters.</summary>
    public void WriteVips(IReadOnlyList<DesiredVip> desired)
    {
        var map = _maps[VipsName];
        var present = Entries().ToDictionary(static e => e.Key.ToNetwork(), static e => e.Value);
        var free = Enumerable.Range(0, (int)map.Definition.Entries).Except(present.Values.Select(static v => v.Index)).GetEnumerator();
        foreach (var vip in desired)
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
        foreach (var removed in present.Keys.Except(desired.Select(static v => v.Network)))
            map.Delete(PrefixKey.Of(removed));
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
        for (var cpu = 0; cpu < map.Definition.Entries; cpu++)
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
    private static void Write<TKey>(BpfMap map, IEnumerable<TKey> desired) where TKey : unmanaged
    {
        var keys = desired.ToHashSet();
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
