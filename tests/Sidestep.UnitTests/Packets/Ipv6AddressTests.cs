using System.Net;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class Ipv6AddressTests
{
    [Fact]
    public void Address_is_read_written_and_converted_in_network_byte_order()
    {
        var bytes = Convert.FromHexString("20010db8000000000000000000000102");
        var address = Ipv6Address.Read(bytes);
        Assert.Equal("2001:db8::102", address.ToString());
        Assert.Equal(IPAddress.Parse("2001:db8::102"), address.ToIPAddress());
        Assert.Equal(address, Ipv6Address.From(IPAddress.Parse("2001:db8::102")));
        var written = DirtyBuffer.Create(17);
        address.Write(written);
        Assert.Equal([.. bytes, DirtyBuffer.Fill], written);
    }

    [Fact]
    public void IPv4_address_is_rejected() =>
        Assert.Throws<ArgumentException>(() => Ipv6Address.From(IPAddress.Loopback));

    /// <summary>The example of RFC 4291 section 2.7.1, and its Ethernet address according to RFC 2464 section
    /// 7.</summary>
    [Fact]
    public void Solicited_node_group_and_multicast_MAC_match_the_RFCs()
    {
        var group = Ipv6Address.From(IPAddress.Parse("4037::01:800:200e:8c6c")).SolicitedNode;
        Assert.Equal("ff02::1:ff0e:8c6c", group.ToString());
        Assert.Equal("33:33:ff:0e:8c:6c", group.MulticastMac.ToString());
    }

    [Theory]
    [InlineData("ff02::1", true)]
    [InlineData("fe80::1", false)]
    [InlineData("::", false)]
    public void First_byte_decides_whether_an_address_is_multicast(string address, bool isMulticast) =>
        Assert.Equal(isMulticast, Ipv6Address.From(IPAddress.Parse(address)).IsMulticast);
}
