using System.Net;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

/// <summary>Neighbour solicitation and advertisement. Bytes and checksums below do not come from the product.</summary>
public sealed class NeighbourDiscoveryTests
{
    private static readonly byte[] Solicitation =
        Convert.FromHexString("6000000000203aff" + "fe800000000000000000000000000002"
        + "ff0200000000000000000001ff000011" + "8700ed2e00000000" + "20010db8000000000000000000000011"
            + "010102005e100002");

    private static readonly byte[] Advertisement =
        Convert.FromHexString("6000000000203aff" + "20010db8000000000000000000000011"
        + "fe800000000000000000000000000002" + "88005b6b60000000" + "20010db8000000000000000000000011"
            + "020102005e100011");

    [Fact]
    public void Writes_every_byte_of_a_solicitation()
    {
        var bytes = DirtyBuffer.Create(73);
        new NeighbourSolicitation(new(0x02005e100002), Address("fe80::2"), Address("2001:db8::11")).Write(bytes);
        Assert.Equal([.. Solicitation, DirtyBuffer.Fill], bytes);
    }

    [Fact]
    public void Buffer_shorter_than_the_solicitation_stays_untouched()
    {
        var bytes = DirtyBuffer.Create(71);
        Assert.Throws<ArgumentOutOfRangeException>(() => default(NeighbourSolicitation).Write(bytes));
        Assert.Equal(DirtyBuffer.Create(71), bytes);
    }

    [Fact]
    public void Reads_every_field_of_an_advertisement_whatever_follows_the_packet()
    {
        Assert.True(NeighbourAdvertisement.TryParse([.. Advertisement, .. new byte[6]], out var advertisement));
        Assert.True(advertisement.IsSolicited);
        Assert.True(advertisement.IsOverride);
        Assert.Equal(Address("2001:db8::11"), advertisement.Target);
        Assert.Equal("02:00:5e:10:00:11", advertisement.TargetMac.ToString());
    }

    [Fact]
    public void Advertisement_without_the_target_option_has_no_MAC_address()
    {
        var bytes = Corrected([.. Advertisement[..64]], b => b[5] = 24);
        Assert.True(NeighbourAdvertisement.TryParse(bytes, out var advertisement));
        Assert.Null(advertisement.TargetMac);
    }

    [Fact]
    public void Unknown_option_before_the_target_option_is_skipped()
    {
        byte[] bytes =
            Corrected([.. Advertisement[..64], 200, 2, .. new byte[14], .. Advertisement[64..]], b => b[5] = 48);
        Assert.True(NeighbourAdvertisement.TryParse(bytes, out var advertisement));
        Assert.Equal("02:00:5e:10:00:11", advertisement.TargetMac.ToString());
    }

    /// <summary>Violates each rule of RFC 4861 section 7.1.2.</summary>
    [Fact]
    public void Advertisement_that_violates_RFC_4861_is_rejected()
    {
        static void AssertRejected(byte[] bytes) => Assert.False(NeighbourAdvertisement.TryParse(bytes, out _));
        AssertRejected(Corrected([.. Advertisement], static b => b[7] = 254)); // has crossed a router
        AssertRejected([.. Advertisement[..42], 0, 0, .. Advertisement[44..]]); // checksum
        AssertRejected(Corrected([.. Advertisement], static b => b[41] = 1)); // code
        AssertRejected(Corrected([.. Advertisement], static b => b[5] = 16)); // length
        AssertRejected(Corrected([.. Advertisement], static b => b[48] = 0xff)); // multicast target
        AssertRejected(Corrected([.. Advertisement], static b => b[24] = 0xff)); // solicited, but to all
        AssertRejected(Corrected([.. Advertisement], static b => b[65] = 0)); // option without length
        AssertRejected(Corrected([.. Advertisement], static b => b[65] = 2)); // option beyond the message
        AssertRejected(Solicitation);
        AssertRejected(Advertisement[..71]);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Advertisement, Solicitation), static bytes =>
    {
        if (NeighbourAdvertisement.TryParse(bytes, out var a))
            _ = (a.IsSolicited, a.IsOverride, a.Target, a.TargetMac);
        return true;
    });

    /// <summary>Changes a packet and corrects its checksum: summed word by word, with the pseudo-header of RFC
    /// 8200.</summary>
    private static byte[] Corrected(byte[] packet, Action<byte[]> change)
    {
        change(packet);
        (packet[42], packet[43]) = (0, 0);
        var length = Math.Min(packet.Length - 40, packet[4] * 256 + packet[5]);
        byte[] summed =
            [.. packet[8..40], 0, 0, (byte)(length / 256), (byte)length, 0, 0, 0, 58, .. packet[40..(40 + length)]];
        var sum = 0;
        for (var i = 0; i < summed.Length; i += 2)
            sum += summed[i] * 256 + summed[i + 1];
        sum = ~((sum & 0xffff) + (sum >> 16));
        (packet[42], packet[43]) = ((byte)(sum >> 8), (byte)sum);
        return packet;
    }

    private static Ipv6Address Address(string text) => Ipv6Address.From(IPAddress.Parse(text));
}
