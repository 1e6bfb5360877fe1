using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Fragments of encapsulated packets, judged by <see cref="Reassembly"/>.</summary>
public sealed class OuterFragmentsTests
{
    private const int Ethernet = 14;

    [Fact]
    public void What_is_cut_is_put_together_again_and_every_fragment_fits() => Gens.Check(
        from isSix in Gen.Elements(false, true)
        from payload in Gen.Choose(1, 9000)
        from mtu in Gen.Choose(isSix ? OuterFragments.SmallestMtu6 : OuterFragments.SmallestMtu4, isSix ? 3000 : 1600)
        from tags in Gen.Choose(0, 2)
        from padding in Gen.Elements(0, 0, 7)
        from seed in Gen.Choose(0, int.MaxValue)
        from identification in Gens.UInt32
        select (isSix, payload, mtu, tags, padding, seed, identification),
        static t =>
        {
            var offset = Ethernet + 4 * t.tags;
            var packet = t.isSix ? Packet6(t.payload, t.seed) : Packet4(t.payload, t.seed);
            var link = Noise(offset, t.seed + 1);
            var frames = OuterFragments.Of([.. link, .. packet, .. new byte[t.padding]], offset, t.mtu, t.identification);

            Assert.All(frames, f => Assert.Equal(link, f[..offset]));
            Assert.All(frames, f => Assert.InRange(f.Length - offset, 1, t.mtu));
            Assert.Equal(packet.Length <= t.mtu, frames.Count == 1);
            Assert.Equal(packet, t.isSix && frames.Count == 1 ? frames[0][offset..] : Reassembly.Of(frames, offset));
            return true;
        },
        500);

    [Fact]
    public void There_are_no_more_fragments_than_needed_and_they_are_in_order()
    {
        var frames = OuterFragments.Of([.. new byte[Ethernet], .. Packet4(1480 + 1480 + 1, 1)], Ethernet, 1500, 0xabcd1234);
        Assert.Equal([1500, 1500, 21], frames.Select(static f => f.Length - Ethernet));
        Assert.Equal([0x2000, 0x2000 + 185, 370], frames.Select(static f => f[Ethernet + 6] * 256 + f[Ethernet + 7]));
        Assert.All(frames, static f => Assert.Equal((0x12, 0x34), (f[Ethernet + 4], f[Ethernet + 5])));
    }

    [Fact]
    public void A_last_fragment_may_fill_the_link_to_the_byte()
    {
        // 1501 - 20 = 1481 = 185 units and one byte: what is not last has 1480.
        var frames = OuterFragments.Of([.. new byte[Ethernet], .. Packet4(1480 + 1481, 1)], Ethernet, 1501, 1);
        Assert.Equal([1500, 1501], frames.Select(static f => f.Length - Ethernet));
    }

    [Fact]
    public void Neither_DF_nor_a_checksum_that_is_not_done_yet_matters()
    {
        var packet = Packet4(3000, 1);
        byte[] raw = [.. packet];
        (raw[6], raw[10], raw[11]) = (0x40, 0, 0);
        Assert.Equal(packet, Reassembly.Of(OuterFragments.Of([.. new byte[Ethernet], .. raw], Ethernet, 1500, 1), Ethernet));
    }

    [Fact]
    public void The_whole_identification_of_IPv6_is_used()
    {
        var frames = OuterFragments.Of([.. new byte[Ethernet], .. Packet6(2000, 1)], Ethernet, 1500, 0xabcd1234);
        Assert.All(frames, static f => Assert.Equal("ABCD1234", Convert.ToHexString(f[(Ethernet + 44)..(Ethernet + 48)])));
        Assert.All(frames, static f => Assert.Equal(41, f[Ethernet + 40]));
    }

    [Theory]
    [InlineData(0, 0x46, "options")]
    [InlineData(6, 0x20, "fragment")]
    [InlineData(7, 0x01, "fragment")]
    [InlineData(2, 0xff, "contradicts")]
    [InlineData(0, 0x55, "version is 5")]
    public void An_outer_IPv4_header_that_the_director_never_writes_is_refused(int at, byte value, string why) =>
        Refused(Packet4(2000, 1), at, value, 1500, why);

    [Theory]
    [InlineData(6, 0, "extension")]
    [InlineData(6, 44, "extension")]
    [InlineData(6, 60, "extension")]
    [InlineData(4, 0xff, "contradicts")]
    public void An_outer_IPv6_header_that_the_director_never_writes_is_refused(int at, byte value, string why) =>
        Refused(Packet6(2000, 1), at, value, 1500, why);

    [Fact]
    public void An_MTU_that_no_link_has_is_refused()
    {
        Refused(Packet4(2000, 1), 0, 0x45, OuterFragments.SmallestMtu4 - 1, "mtuBytes");
        Refused(Packet6(2000, 1), 0, 0x60, OuterFragments.SmallestMtu6 - 1, "mtuBytes");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(2034)]
    public void A_place_without_a_header_is_refused(int offset)
    {
        byte[] frame = [.. new byte[Ethernet], .. Packet4(2000, 1)];
        Assert.Throws<ArgumentException>(() => OuterFragments.Of(frame, offset, 1500, 1));
    }

    [Fact]
    public void Nothing_but_a_refusal_comes_of_noise() => Gens.Check(
        from damaged in Gens.Damaged([.. new byte[Ethernet], .. Packet4(1600, 1)], [.. new byte[Ethernet], .. Packet6(1600, 1)])
        from mtu in Gen.Choose(0, 1600)
        select (damaged, mtu),
        static t =>
        {
            try
            {
                return OuterFragments.Of(t.damaged, Ethernet, t.mtu, 1).All(f => f.Length - Ethernet <= t.mtu);
            }
            catch (ArgumentException)
            {
                return true;
            }
        });

    private static void Refused(byte[] packet, int at, byte value, int mtu, string why)
    {
        packet[at] = value;
        var refusal = Assert.ThrowsAny<ArgumentException>(() => OuterFragments.Of([.. new byte[Ethernet], .. packet], Ethernet, mtu, 1));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>IPv4 in IPv4 with DF clear, addresses from the documentation's ranges.</summary>
    private static byte[] Packet4(int payload, int seed)
    {
        var length = 20 + payload;
        byte[] header = [0x45, 0xb8, (byte)(length / 256), (byte)length, 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7];
        var sum = 0;
        for (var i = 0; i < header.Length; i += 2)
            sum += header[i] * 256 + header[i + 1];
        sum = ~(sum % 65536 + sum / 65536);
        (header[10], header[11]) = ((byte)(sum >> 8), (byte)sum);
        return [.. header, .. Noise(payload, seed)];
    }

    /// <summary>IPv6 in IPv6.</summary>
    private static byte[] Packet6(int payload, int seed) =>
    [
        0x6b, 0x81, 0x23, 0x45, (byte)(payload / 256), (byte)payload, 41, 64,
        .. Convert.FromHexString("20010db8000000000000000000000001" + "20010db8000000000000000000000007"),
        .. Noise(payload, seed),
    ];

    private static byte[] Noise(int length, int seed)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // noise, not a secret
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
