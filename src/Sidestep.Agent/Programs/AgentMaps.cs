using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Sidestep.Agent.Input;
using Sidestep.Packets;

namespace Sidestep.Agent.Programs;

/// <summary>The maps of the programs. All interfaces share them.</summary>
internal sealed class AgentMaps(IReadOnlyDictionary<string, IAgentMap> maps) : IDisposable
{
    public const string SourcesName = "sources", AddressesName = "addresses", VipsName = "vips",
        SettingsName = "settings", CountersName = "counters", VipCountersName = "vip_counters";

    public static readonly string[] Names =
        [SourcesName, AddressesName, VipsName, SettingsName, CountersName, VipCountersName];

    public SettingsValue Settings =>
        maps[SettingsName].TryLookup<int, SettingsValue>(0, out var value) ? value : default;

    /// <summary>The settings as <see cref="Describe"/> writes them.</summary>
    public string SettingsText => Describe(Settings);

    public IAgentMap this[string name] => maps[name];

    /// <summary>The configured encapsulations, as in <c>ipip gre gue:6080</c>; <c>none</c> without any.</summary>
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

    /// <param name="encapsulations">The encapsulations.</param>
    /// <param name="guePorts">At most <see cref="SettingsValue.Ports"/> UDP ports, in any order.</param>
    public static SettingsValue SettingsOf(EncapsulationFlags encapsulations, IEnumerable<int> guePorts)
    {
        var value = new SettingsValue { Kinds = encapsulations };
        var at = 0;
        foreach (var port in guePorts.Order())
            value.GuePorts[at++] = BinaryPrimitives.ReverseEndianness((ushort)port);
        return value;
    }

    /// <summary>The allowed sources of outer headers, sorted.</summary>
    public IReadOnlyList<string> Sources() =>
        Sorted(maps[SourcesName].Keys<PrefixKey>().Select(static k => PrefixText.Of(k.ToNetwork())));

    /// <summary>The allowed destinations of outer headers: the server's own addresses, sorted.</summary>
    public IReadOnlyList<string> Addresses() =>
        Sorted(maps[AddressesName].Keys<AddressKey>().Select(static k => k.ToAddress().ToString()));

    /// <summary>The VIPs, each with the largest MSS that its SYN-ACKs may offer.</summary>
    public IReadOnlyList<DesiredVip> Vips() =>
        [.. Entries().Select(static e => new DesiredVip(e.Key.ToNetwork(), (int)e.Value.Mss))];

    public void Write(SettingsValue value) => maps[SettingsName].Update(0, value);

    public void WriteSources(IEnumerable<IPNetwork> desired) => Write(maps[SourcesName], desired.Select(PrefixKey.Of));

    public void WriteAddresses(IEnumerable<IPAddress> desired) =>
        Write(maps[AddressesName], desired.Select(AddressKey.Of));

    /// <summary>Replaces the VIPs. A VIP that stays keeps its counters; a new one starts at 0.</summary>
    public void WriteVips(IReadOnlyList<DesiredVip> desired)
    {
        var map = maps[VipsName];
        var present = Entries().ToDictionary(static e => e.Key.ToNetwork(), static e => e.Value);
        using var free = Enumerable.Range(0, map.Capacity).Except(present.Values.Select(static v => v.Index))
            .GetEnumerator();
        foreach (var vip in desired)
        {
            var isPresent = present.TryGetValue(vip.Network, out var value);
            if (!isPresent)
            {
                free.MoveNext();
                value.Index = free.Current;
                maps[VipCountersName].Update(value.Index, default(VipCounters));
            }
            if (isPresent && value.Mss == vip.Mss)
                continue;
            value.Mss = (uint)vip.Mss;
            map.Update(PrefixKey.Of(vip.Network), value);
        }
        foreach (var removed in present.Keys.Except(desired.Select(static v => v.Network)))
            map.Delete(PrefixKey.Of(removed));
    }

    /// <summary>The counted TCP packets of each VIP.</summary>
    public IReadOnlyList<(IPNetwork Vip, VipCounters Counters)> Traffic() =>
        [.. Entries().Select(e => (e.Key.ToNetwork(), CountersOf(e.Value.Index)))];

    /// <summary>The packet counters, summed over all CPUs.</summary>
    public IReadOnlyDictionary<PacketCounter, ulong> Counters()
    {
        var names = Enum.GetValues<PacketCounter>();
        var sums = names.ToDictionary(static n => n, static _ => 0ul);
        var map = maps[CountersName];
        for (var cpu = 0; cpu < map.Capacity; cpu++)
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
        foreach (var map in maps.Values)
            map.Dispose();
    }

    private VipCounters CountersOf(int index) =>
        maps[VipCountersName].TryLookup<int, VipCounters>(index, out var counters) ? counters : default;

    private List<(PrefixKey Key, VipValue Value)> Entries()
    {
        var entries = new List<(PrefixKey, VipValue)>();
        foreach (var key in maps[VipsName].Keys<PrefixKey>())
        {
            if (maps[VipsName].TryLookup<PrefixKey, VipValue>(key, out var value))
                entries.Add((key, value));
        }
        return entries;
    }

    /// <summary>Adds new keys before it deletes old ones, so that a key that stays is never missing.</summary>
    private static void Write<TKey>(IAgentMap map, IEnumerable<TKey> desired) where TKey : unmanaged
    {
        var keys = desired.ToHashSet();
        var present = map.Keys<TKey>();
        foreach (var key in keys.Except(present))
            map.Update(key, 1u);
        foreach (var key in present.Except(keys))
            map.Delete(key);
    }

    private static string[] Sorted(IEnumerable<string> values) => [.. values.Order(StringComparer.Ordinal)];

    /// <summary>struct packet_counters: the counters of one CPU.</summary>
    [InlineArray(16)]
    internal struct CounterValues
    {
        private ulong _first;
    }
}
