using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Fragments of encapsulated packets, verified by <see cref="Reassembly"/>.</summary>
public sealed class OuterFragmentsTests
{
    private const int Ethernet = 14;

    [Fact]
    public void Fragments_respect_the_MTU_and_reassemble_to_the_original() => Gens.Check(
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
            var frames = OuterFragments.Of(
                [.. link, .. packet, .. new byte[t.padding]], offset, t.mtu, t.identification);

            Assert.All(frames, f => Assert.Equal(link, f[..offset]));
            Assert.All(frames, f => Assert.InRange(f.Length - offset, 1, t.mtu));
            Assert.Equal(packet.Length <= t.mtu, frames.Count == 1);
            Assert.Equal(packet, t.isSix && frames.Count == 1 ? frames[0][offset..] : Reassembly.Of(frames, offset));
            return true;
        },
        500);

    [Fact]
    public void Fragments_are_minimal_in_number_and_in_order()
    {
        var frames = OuterFragments.Of(
            [.. new byte[Ethernet], .. Packet4(1480 + 1480 + 1, 1)], Ethernet, 1500, 0xabcd1234);
        Assert.Equal([1500, 1500, 21], frames.Select(static f => f.Length - Ethernet));
        Assert.Equal([0x2000, 0x2000 + 185, 370], frames.Select(static f => f[Ethernet + 6] * 256 + f[Ethernet + 7]));
        Assert.All(frames, static f => Assert.Equal((0x12, 0x34), (f[Ethernet + 4], f[Ethernet + 5])));
    }

    [Fact]
    public void Last_fragment_may_fill_the_MTU_exactly()
    {
        // 1501 - 20 = 1481 bytes are 185 units and one byte: all fragments except the last carry 1480 bytes.
        var frames = OuterFragments.Of([.. new byte[Ethernet], .. Packet4(1480 + 1481, 1)], Ethernet, 1501, 1);
        Assert.Equal([1500, 1501], frames.Select(static f => f.Length - Ethernet));
    }

    [Fact]
    public void DF_bit_and_incomplete_checksum_do_not_matter()
    {
        var packet = Packet4(3000, 1);
        byte[] raw = [.. packet];
        (raw[6], raw[10], raw[11]) = (0x40, 0, 0);
        Assert.Equal(
            packet, Reassembly.Of(OuterFragments.Of([.. new byte[Ethernet], .. raw], Ethernet, 1500, 1), Ethernet));
    }

    [Fact]
    public void All_32_bits_of_the_IPv6_identification_are_used()
    {
        var frames = OuterFragments.Of([.. new byte[Ethernet], .. Packet6(2000, 1)], Ethernet, 1500, 0xabcd1234);
        Assert.All(frames, static f =>
            Assert.Equal("ABCD1234", Convert.ToHexString(f[(Ethernet + 44)..(Ethernet + 48)])));
        Assert.All(frames, static f => Assert.Equal(41, f[Ethernet + 40]));
    }

    [Theory]
    [InlineData(0, 0x46, "options")]
    [InlineData(6, 0x20, "fragment")]
    [InlineData(7, 0x01, "fragment")]
    [InlineData(2, 0xff, "contradicts")]
    [InlineData(0, 0x55, "version is 5")]
    public void Outer_IPv4_header_that_the_director_never_writes_is_rejected(int at, byte value, string why) =>
        AssertRejected(Packet4(2000, 1), at, value, 1500, why);

    [Theory]
    [InlineData(6, 0, "extension")]
    [InlineData(6, 44, "extension")]
    [InlineData(6, 60, "extension")]
    [InlineData(4, 0xff, "contradicts")]
    public void Outer_IPv6_header_that_the_director_never_writes_is_rejected(int at, byte value, string why) =>
        AssertRejected(Packet6(2000, 1), at, value, 1500, why);

    [Fact]
    public void MTU_below_the_protocol_minimum_is_rejected()
    {
        AssertRejected(Packet4(2000, 1), 0, 0x45, OuterFragments.SmallestMtu4 - 1, "mtuBytes");
        AssertRejected(Packet6(2000, 1), 0, 0x60, OuterFragments.SmallestMtu6 - 1, "mtuBytes");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(2034)]
    public void Offset_without_a_header_is_rejected(int offset)
    {
        byte[] frame = [.. new byte[Ethernet], .. Packet4(2000, 1)];
        Assert.Throws<ArgumentException>(() => OuterFragments.Of(frame, offset, 1500, 1));
    }

    [Fact]
    public void Damaged_packet_is_rejected_or_yields_fragments() => Gens.Check(
        from damaged in Gens.Damaged([.. new byte[Ethernet], .. Packet4(1600, 1)],
        [.. new byte[Ethernet], .. Packet6(1600, 1)])
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

    private static void AssertRejected(byte[] packet, int at, byte value, int mtu, string why)
    {
        packet[at] = value;
        var error = Assert.ThrowsAny<ArgumentException>(
            () => OuterFragments.Of([.. new byte[Ethernet], .. packet], Ethernet, mtu, 1));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    /// <summary>IPv4 in IPv4 with DF clear, with addresses for documentation.</summary>
    private static byte[] Packet4(int payload, int seed)
    {
        var length = 20 + payload;
        byte[] header =
            [0x45, 0xb8, (byte)(length / 256), (byte)length, 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7];
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
