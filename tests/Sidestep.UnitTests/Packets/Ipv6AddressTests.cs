using System.Net;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class Ipv6AddressTests
{
    [Fact]
    public void Is_read_written_and_converted_in_wire_order()
    {
        var bytes = Convert.FromHexString("20010db8000000000000000000000102");
        var address = Ipv6Address.Read(bytes);
        Assert.Equal("2001:db8::102", address.ToString());
        Assert.Equal(IPAddress.Parse("2001:db8::102"), address.ToIPAddress());
        Assert.Equal(address, Ipv6Address.From(IPAddress.Parse("2001:db8::102")));
        var written = Dirty.Buffer(17);
        address.Write(written);
        Assert.Equal([.. bytes, Dirty.Fill], written);
    }

    [Fact]
    public void An_IPv4_address_is_refused() => Assert.Throws<ArgumentException>(() => Ipv6Address.From(IPAddress.Loopback));

    /// <summary>The example of RFC 4291 section 2.7.1, and what RFC 2464 section 7 makes of it.</summary>
    [Fact]
    public void The_solicited_node_group_and_its_Ethernet_address_are_those_of_the_standards()
    {
        var group = Ipv6Address.From(IPAddress.Parse("4037::01:800:200e:8c6c")).SolicitedNode;
        Assert.Equal("ff02::1:ff0e:8c6c", group.ToString());
        Assert.Equal("33:33:ff:0e:8c:6c", group.MulticastMac.ToString());
    }

    [Theory]
    [InlineData("ff02::1", true)]
    [InlineData("fe80::1", false)]
    [InlineData("::", false)]
    public void Multicast_is_told_by_the_first_byte(string address, bool isMulticast) =>
        Assert.Equal(isMulticast, Ipv6Address.From(IPAddress.Parse(address)).IsMulticast);
}
