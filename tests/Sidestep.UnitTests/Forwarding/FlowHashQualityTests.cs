using System.Net;
using System.Numerics;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>The hash spreads realistic clients, which have neighbouring addresses. Keys are fixed, so every run gives
/// the same result.</summary>
public sealed class FlowHashQualityTests
{
    private const int Clients = 65_536;
    private const int Buckets = 64;

    // 63 degrees of freedom: a uniform choice exceeds this once in a million samples (chi-square, quantile 1 - 1e-6).
    private const double ChiSquareLimit = 131;

    private static readonly IPAddress Vip6 = IPAddress.Parse("2001:db8:100::10");

    private static readonly HashKey[] Keys =
    [
        new(0x0001020304050607, 0x08090a0b0c0d0e0f), new(0x8f3c1d5e9a7b2604, 0xf1e2d3c4b5a69788),
        new(0, 0), new(0, 1), new(ulong.MaxValue, ulong.MaxValue),
    ];

    public static TheoryData<int> KeyIndices => [.. Enumerable.Range(0, Keys.Length)];

    [Theory, MemberData(nameof(KeyIndices))] // 203.0.0.0 to 203.0.255.255
    public void Neighbouring_clients_spread_evenly(int key) =>
        AssertEven(Enumerable.Range(0, Clients).Select(i => FlowHash.OfSource(Keys[key], 0xcb000000 + (uint)i)));

    [Theory, MemberData(nameof(KeyIndices))] // 10.0.0.1, 10.0.1.1 to 10.255.255.1: one client of each /24
    public void Clients_that_differ_only_in_their_network_spread_evenly(int key) =>
        AssertEven(Enumerable.Range(0, Clients).Select(i => FlowHash.OfSource(Keys[key], 0x0a000001 + ((uint)i << 8))));

    [Theory, MemberData(nameof(KeyIndices))]
    public void Connections_of_one_client_spread_evenly(int key) =>
        AssertEven(Enumerable.Range(0, Clients)
            .Select(i => FlowHash.OfFiveTuple(Keys[key], 0xcb007107, 0xc633640a, (ushort)i, 443, 6)));

    [Theory, MemberData(nameof(KeyIndices))] // 2001:db8:0:0::1 to 2001:db8:0:ffff::1: one client of each /64
    public void IPv6_clients_that_differ_only_in_their_network_spread_evenly(int key) =>
        AssertEven(Enumerable.Range(0, Clients).Select(i => Hash(Keys[key], HashFields.SourceAddress, Client6(i, 1))));

    [Theory, MemberData(nameof(KeyIndices))]
    public void Neighbouring_IPv6_clients_spread_evenly(int key) =>
        AssertEven(Enumerable.Range(0, Clients).Select(i => Hash(Keys[key], HashFields.SourceAddress, Client6(0, i))));

    [Theory]
    [InlineData(HashFields.SourceAddressAndPort)]
    [InlineData(HashFields.FiveTuple)]
    public void Connections_of_one_IPv6_client_spread_evenly(HashFields fields) =>
        Assert.All(Keys,
            key => AssertEven(Enumerable.Range(0, Clients).Select(i => Hash(key, fields, Client6(0, 1), (ushort)i))));

    [Fact]
    public void Ports_spread_evenly() =>
        Assert.All(Keys, static key =>
            AssertEven(Enumerable.Range(0, Clients)
            .Select(i => Hash(key, HashFields.DestinationPort, Client6(0, 1), 9, (ushort)i))));

    [Fact]
    public void Four_equal_servers_get_equal_shares_of_neighbouring_clients()
    {
        // Measured over these keys: the largest deviation from a quarter is 1.6 % of it.
        foreach (var key in Keys)
        {
            var table = SlotTable.Build(key, TestPools.Equal(4), SlotCounts.Default);
            var shares = Enumerable.Range(0, Clients)
                .CountBy(i =>
                    table.Slots[FlowHash.Slot(FlowHash.OfSource(key, 0xcb000000 + (uint)i), SlotCounts.Default)])
                .Select(static c => c.Value / (double)Clients);
            Assert.All(shares, static share => Assert.InRange(share, 0.25 * 0.97, 0.25 * 1.03));
        }
    }

    /// <summary>Each input bit must flip each of the upper 32 bits, which make the slot, with a probability of one
    /// half.</summary>
    [Theory]
    [InlineData("source", 32)]
    [InlineData("five-tuple", 104)]
    [InlineData("key", 64)] // the upper half; the lower one goes through one multiplication less, see docs/flow-hash.md
    public void Every_bit_affects_the_hash(string what, int bits)
    {
        const int Samples = 2_000;
        var random = new Random(1);
        var turned = new int[bits, 32];
        for (var sample = 0; sample < Samples; sample++)
        {
            var input = new byte[13 + 16];
            random.NextBytes(input);
            var before = Hash(what, input);
            for (var bit = 0; bit < bits; bit++)
            {
                var at = (what == "key" ? 13 : 0) + bit / 8;
                input[at] ^= (byte)(1 << bit % 8);
                var difference = (uint)((before ^ Hash(what, input)) >> 32);
                input[at] ^= (byte)(1 << bit % 8);
                for (; difference != 0; difference &= difference - 1)
                    turned[bit, BitOperations.TrailingZeroCount(difference)]++;
            }
        }

        // A fair coin deviates from 0.5 by 0.011 (one standard deviation); with 6,400 pairs, 6 of them are acceptable.
        foreach (var count in turned)
            Assert.InRange(count / (double)Samples, 0.5 - 0.07, 0.5 + 0.07);
    }

    private static ulong Hash(string what, byte[] input)
    {
        var key = new HashKey(BitConverter.ToUInt64(input, 13), BitConverter.ToUInt64(input, 21));
        return what == "five-tuple"
            ? FlowHash.OfFiveTuple(key, BitConverter.ToUInt32(input, 0), BitConverter.ToUInt32(input, 4),
                BitConverter.ToUInt16(input, 8), BitConverter.ToUInt16(input, 10), input[12])
            : FlowHash.OfSource(key, BitConverter.ToUInt32(input, 0));
    }

    private static ulong Hash(HashKey key, HashFields fields, IPAddress client, ushort from = 0, ushort to = 443) =>
        FlowHash.Of(key, fields, new Flow(client, Vip6, 6, from, to));

    private static IPAddress Client6(int network, int host) =>
        new([0x20, 0x01, 0x0d, 0xb8, 0, 0, (byte)(network >> 8), (byte)network, 0, 0, 0, 0, 0, 0, (byte)(host >> 8),
            (byte)host]);

    private static void AssertEven(IEnumerable<ulong> hashes)
    {
        const double Expected = Clients / (double)Buckets;
        var chiSquare = hashes.CountBy(static h => FlowHash.Slot(h, Buckets))
            .Sum(static c => Math.Pow(c.Value - Expected, 2) / Expected);
        Assert.InRange(chiSquare, 0, ChiSquareLimit);
    }
}
