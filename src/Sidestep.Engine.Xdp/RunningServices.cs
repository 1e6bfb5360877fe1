using System.Net;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Services of the active bank, read from the port intervals of the VIP records, which contain every port of
/// every VIP.</summary>
internal static class RunningServices
{
    /// <summary>Every service, once per interval that leads to it.</summary>
    internal static IEnumerable<Service> Of(StateMaps maps) => PortRanges(maps).Select(static p => p.Range.Service);

    /// <summary>Every port interval, with the id of its VIP.</summary>
    internal static IReadOnlyList<(int Vip, Layout.Range Range)> PortRanges(StateMaps maps)
    {
        var ranges = new List<(int, Layout.Range)>();
        var bank = maps.Active;
        foreach (var id in Vips(maps).Keys.Order())
        {
            var record = bank.VipRecords[id];
            if (record.RangeBase + (long)record.RangeCount > Constants.Ranges)
                continue; // a change is in progress, and the caller reads again
            foreach (var range in bank.Ranges.Slice((int)record.RangeBase, (int)record.RangeCount))
                ranges.Add((id, range));
        }
        return ranges;
    }

    /// <summary>Address of each VIP or VIP prefix, by id.</summary>
    internal static IReadOnlyDictionary<int, IPNetwork> Vips(StateMaps maps)
    {
        var vips = new Dictionary<int, IPNetwork>();
        var bank = maps.Active;
        foreach (var vip in bank.Vips)
        {
            if (vip.Flags != 0)
                vips[vip.Id] = new IPNetwork(Wire.Address(vip.Address), 32);
        }
        foreach (var vip in bank.Vips6)
        {
            if (vip.Flags != 0)
                vips[vip.Id] = new IPNetwork(Wire.Address(vip.Address, isIpv6: true), 128);
        }
        if (bank.Settings.VipSet is var set && set != 0)
        {
            var map = maps.Map(StateMaps.PrefixesMap);
            foreach (var key in map.Keys<PrefixKey>())
            {
                if ((key.Set & ~1U) == set && map.TryLookup<PrefixKey, uint>(key, out var id))
                    vips[(int)id] = PrefixOf(key);
            }
        }
        return vips;
    }

    private static IPNetwork PrefixOf(PrefixKey key)
    {
        ReadOnlySpan<byte> bytes = key.Address;
        var address = new IPAddress(bytes);
        var length = (int)key.Length - 32;
        return (key.Set & 1) == 0 && length >= 96
            ? new IPNetwork(address.MapToIPv4(), length - 96)
            : new IPNetwork(address, length);
    }
}
