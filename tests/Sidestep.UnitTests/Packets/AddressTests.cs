using System.Net;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class AddressTests
{
    [Fact]
    public void IPv4_address_round_trips_in_network_byte_order() => Gens.Check(Gens.Address, static address =>
    {
        var bytes = DirtyBuffer.Create(6);
        address.Write(bytes);
        return Ipv4Address.Read(bytes) == address && bytes[4] == DirtyBuffer.Fill
            && address.ToString() == new IPAddress(bytes.AsSpan(0, 4)).ToString()
            && Ipv4Address.From(address.ToIPAddress()) == address;
    });

    [Fact]
    public void IPv4_address_has_the_documented_value() =>
        Assert.Equal(0xc0000201, Ipv4Address.From(IPAddress.Parse("192.0.2.1")).Value);

    [Fact]
    public void IPv6_address_is_rejected() =>
        Assert.Throws<ArgumentException>(() => Ipv4Address.From(IPAddress.IPv6Loopback));

    [Fact]
    public void MAC_address_round_trips_in_network_byte_order() => Gens.Check(Gens.Mac, static mac =>
    {
        var bytes = DirtyBuffer.Create(7);
        mac.Write(bytes);
        return MacAddress.Read(bytes) == mac && bytes[6] == DirtyBuffer.Fill
            && mac.ToString() == string.Join(':', bytes.Take(6).Select(static b => b.ToString("x2")))
            && MacAddress.TryParse(mac.ToString(), out var parsed) && parsed == mac;
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("02:00:00:00:00")]
    [InlineData("02:00:00:00:00:01:02")]
    [InlineData("02-00-00-00-00-01")]
    [InlineData("02:00:00:00:00:0g")]
    [InlineData("02:00:00:00:00: 1")]
    [InlineData("+2:00:00:00:00:01")]
    public void Invalid_MAC_address_is_rejected(string? text) => Assert.False(MacAddress.TryParse(text, out _));
}
