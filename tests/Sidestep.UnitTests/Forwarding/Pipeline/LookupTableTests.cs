using System.Buffers.Binary;
using System.Net;
using FsCheck.Fluent;
using Sidestep.Forwarding.Pipeline;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding.Pipeline;

/// <summary>The tables that packets look up, compared with the naive search.</summary>
public sealed class LookupTableTests
{
    [Fact]
    public void Address_table_finds_what_it_contains_and_nothing_else() =>
        Gens.Check(Gen.Choose(0, int.MaxValue), static seed =>
    {
        var random = new Random(seed);
        // Few values per word: many addresses agree in one of them.
        var addresses = Enumerable.Range(0, random.Next(100))
            .Select(_ => ((ulong)random.Next(20), (ulong)random.Next(20))).Distinct().ToArray();
        var table = new AddressTable([.. addresses.Select(static (a, i) => (a.Item1, a.Item2, i))]);
        for (var high = 0UL; high < 20; high++)
        {
            for (var low = 0UL; low < 20; low++)
            {
                if (table.Find(high, low) != Array.IndexOf(addresses, (high, low)))
                    return false;
            }
        }
        return true;
    }, 200);

    [Fact]
    public void Empty_address_table_contains_nothing() => Assert.Equal(-1, new AddressTable([]).Find(0, 0));

    [Fact]
    public void Longest_prefix_wins() => Gens.Check(Gen.Choose(0, int.MaxValue), static seed =>
    {
        var random = new Random(seed);
        var prefixes = Enumerable.Range(0, random.Next(1, 40)).Select(_ => PrefixOf(random)).Distinct()
            .Select(static (p, i) => (p, i)).ToArray();
        var table = new PrefixTable(prefixes);
        return Enumerable.Range(0, 50).All(_ =>
        {
            var address = AddressAround(random, prefixes[random.Next(prefixes.Length)].p);
            var expected = prefixes.Where(p => p.p.Contains(address)).OrderByDescending(static p => p.p.PrefixLength)
                .Select(static p => p.i).DefaultIfEmpty(-1).First();
            return Find(table, address) == expected;
        });
    }, 200);

    [Theory]
    [InlineData("203.0.113.255", 2)]
    [InlineData("203.0.114.0", 1)]
    [InlineData("9.9.9.9", 0)]
    [InlineData("2001:db8::1", 4)]
    [InlineData("2001:db8:0:1::1", 3)]
    [InlineData("2001:db9::", -1)]
    public void Prefix_is_found_in_its_own_family(string address, int number)
    {
        var table = new PrefixTable(
        [
            (IPNetwork.Parse("0.0.0.0/0"), 0), (IPNetwork.Parse("203.0.0.0/16"), 1),
                (IPNetwork.Parse("203.0.113.0/24"), 2),
            (IPNetwork.Parse("2001:db8::/32"), 3), (IPNetwork.Parse("2001:db8::/64"), 4),
        ]);
        Assert.False(table.IsEmpty);
        Assert.Equal(number, Find(table, IPAddress.Parse(address)));
    }

    [Fact]
    public void Empty_prefix_table_contains_nothing()
    {
        var table = new PrefixTable([]);
        Assert.True(table.IsEmpty);
        Assert.Equal(-1, Find(table, IPAddress.Loopback));
    }

    /// <summary>As packets look up: words read little-endian from the wire.</summary>
    private static int Find(PrefixTable table, IPAddress address)
    {
        var bytes = new byte[16];
        address.TryWriteBytes(bytes, out var length);
        return table.Find(length == 16, BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
    }

    private static IPNetwork PrefixOf(Random random)
    {
        var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        (bytes[0], bytes[1]) = (10, (byte)random.Next(2));
        var length = random.Next(bytes.Length * 8 + 1);
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> bit % 8);
        return new IPNetwork(new IPAddress(bytes), length);
    }

    /// <summary>An address of the prefix with at most one bit changed.</summary>
    private static IPAddress AddressAround(Random random, IPNetwork prefix)
    {
        var bytes = prefix.BaseAddress.GetAddressBytes();
        var bit = random.Next(bytes.Length * 8);
        bytes[bit / 8] ^= (byte)(0x80 >> bit % 8);
        return new IPAddress(bytes);
    }
}
