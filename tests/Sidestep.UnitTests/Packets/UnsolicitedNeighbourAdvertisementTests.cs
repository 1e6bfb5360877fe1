using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class UnsolicitedNeighbourAdvertisementTests
{
    [Fact]
    public void Written_packet_is_a_valid_unsolicited_advertisement_with_the_override_flag()
    {
        var (mac, source, target) =
            (new MacAddress(0x0200_0000_0001), new Ipv6Address(new UInt128(0xfe80_0000_0000_0000, 1)),
            new Ipv6Address(new UInt128(0x2001_0db8_0000_0000, 16)));
        var packet = new byte[UnsolicitedNeighbourAdvertisement.Length + 8];
        Array.Fill(packet, (byte)0xa5);

        new UnsolicitedNeighbourAdvertisement(mac, source, target).Write(packet);

        // The reader checks lengths, hop limit, checksum and options (RFC 4861 section 7.1.2).
        Assert.True(NeighbourAdvertisement.TryParse(packet, out var read));
        Assert.True(read.IsOverride);
        Assert.False(read.IsSolicited);
        Assert.Equal((target, mac), (read.Target, read.TargetMac!.Value));
        Assert.Equal("ff02::1", Ipv6Address.Read(packet.AsSpan(24)).ToString());
        Assert.All(packet[UnsolicitedNeighbourAdvertisement.Length..], static b => Assert.Equal(0xa5, b));
    }
}
