using System.Net;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class AddressTests
{
    [Fact]
    public void An_IPv4_address_is_written_in_wire_order_and_read_back() => Gens.Check(Gens.Address, static address =>
    {
        var bytes = Dirty.Buffer(6);
        address.Write(bytes);
        return Ipv4Address.Read(bytes) == address && bytes[4] == Dirty.Fill
            && address.ToString() == new IPAddress(bytes.AsSpan(0, 4)).ToString()
            && Ipv4Address.From(address.ToIPAddress()) == address;
    });

    [Fact]
    public void Has_the_documented_value() => Assert.Equal(0xc0000201, Ipv4Address.From(IPAddress.Parse("192.0.2.1")).Value);

    [Fact]
    public void An_IPv6_address_is_refused() => Assert.Throws<ArgumentException>(() => Ipv4Address.From(IPAddress.IPv6Loopback));

    [Fact]
    public void A_MAC_address_is_written_in_wire_order_and_read_back() => Gens.Check(Gens.Mac, static mac =>
    {
        var bytes = Dirty.Buffer(7);
        mac.Write(bytes);
        return MacAddress.Read(bytes) == mac && bytes[6] == Dirty.Fill
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
    public void Text_that_is_no_MAC_address_is_refused(string? text) => Assert.False(MacAddress.TryParse(text, out _));
}
