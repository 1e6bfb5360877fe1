using System.Net;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>What the active half says of services. Every port of every VIP is among the intervals of its VIP's record.</summary>
internal static class RunningServices
{
    /// <summary>Every service, as often as packets may find it.</summary>
    internal static IEnumerable<Service> Of(StateMaps maps) => Places(maps).Select(static p => p.Range.Service);

    /// <summary>Every interval of ports, with the number of its VIP.</summary>
    internal static IReadOnlyList<(int Vip, Layout.Range Range)> Places(StateMaps maps)
    {
        var places = new List<(int, Layout.Range)>();
        var half = maps.Active;
        foreach (var number in Vips(maps).Keys.Order())
        {
            var record = half.VipRecords[number];
            if (record.RangeBase + (long)record.RangeCount > Constants.Ranges)
                continue; // a change is under way, and whoever reads will read again
            foreach (var range in half.Ranges.Slice((int)record.RangeBase, (int)record.RangeCount))
                places.Add((number, range));
        }
        return places;
    }

    /// <summary>Address of each VIP or VIP prefix, by number.</summary>
    internal static IReadOnlyDictionary<int, IPNetwork> Vips(StateMaps maps)
    {
        var vips = new Dictionary<int, IPNetwork>();
        var half = maps.Active;
        foreach (var vip in half.Vips)
        {
            if (vip.Flags != 0)
                vips[vip.Number] = new IPNetwork(Wire.Address(vip.Address), 32);
        }
        foreach (var vip in half.Vips6)
        {
            if (vip.Flags != 0)
                vips[vip.Number] = new IPNetwork(Wire.Address(vip.Address, isIpv6: true), 128);
        }
        if (half.Settings.VipSet is var set && set != 0)
        {
            var map = maps.Map(StateMaps.PrefixesMap);
            foreach (var key in map.Keys<PrefixKey>())
            {
                if ((key.Set & ~1U) == set && map.TryLookup<PrefixKey, uint>(key, out var number))
                    vips[(int)number] = PrefixOf(key);
            }
        }
        return vips;
    }

    private static IPNetwork PrefixOf(PrefixKey key)
    {
        ReadOnlySpan<byte> bytes = key.Address;
        var address = new IPAddress(bytes);
        var length = (int)key.Length - 32;
        return (key.Set & 1) == 0 && length >= 96 ? new IPNetwork(address.MapToIPv4(), length - 96) : new IPNetwork(address, length);
    }
}
