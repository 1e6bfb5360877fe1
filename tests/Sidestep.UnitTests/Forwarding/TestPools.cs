using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Generators of pools, and properties of their slot tables.</summary>
internal static class TestPools
{
    public static Gen<HashKey> Key =>
        Gens.Bits(64).Zip(Gens.Bits(64)).Select(static b => new HashKey(b.Item1, b.Item2));

    public static Gen<int> Size => Gen.Elements(SlotCounts.All[0], SlotCounts.All[1]);

    /// <summary>1 to 60 members with consecutive addresses, as in practice, and any weight from 0.</summary>
    public static Gen<List<SlotMember>> Pool =>
        from count in Gen.Choose(1, 60)
        from first in Gen.Choose(0, 60_000)
        from weights in Gen.ArrayOf(Gen.OneOf(Gen.Choose(0, 3), Gen.Choose(0, Limits.Weight)), count)
        select weights.Select((weight, i) => new SlotMember(Address(first + i), weight)).ToList();

    public static IPAddress Address(int number) => new Ipv4Address(0x0a000000 + (uint)number).ToIPAddress();

    public static VrfAddress VrfAddressOf(int number) => VrfAddress.InDefault(Address(number));

    public static List<SlotMember> Equal(int count) =>
        [.. Enumerable.Range(1, count).Select(static i => new SlotMember(Address(i), 1))];

    /// <summary>The server address of each slot.</summary>
    public static List<IPAddress> Addresses(this SlotTable table) =>
        [.. table.Slots.Select(m => table.Members[m].Address)];

    public static int SlotsOf(this SlotTable table, IPAddress address) =>
        table.Addresses().Count(a => a.Equals(address));
}
