using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Texts and small values of the forwarding model.</summary>
public sealed class MatchTextTests
{
    [Theory]
    [InlineData("203.0.113.10/32", 6, 80, 6, 80, "203.0.113.10 tcp 80")]
    [InlineData("2001:db8::1/128", 17, 53, 17, 54, "2001:db8::1 udp 53-54")]
    [InlineData("203.0.113.0/24", 6, 0, 6, 65535, "203.0.113.0/24 tcp any")]
    [InlineData("203.0.113.10/32", 132, 3868, 132, 3868, "203.0.113.10 sctp 3868")]
    [InlineData("203.0.113.10/32", 0, 0, 255, 65535, "203.0.113.10 any")]
    [InlineData("203.0.113.10/32", 7, 0, 16, 65535, "203.0.113.10 protocols 7 to 16")]
    [InlineData("203.0.113.10/32", 1, 0, 1, 65535, "203.0.113.10 protocols 1 to 1")]
    public void Matched_packets_are_described(
        string vip, int protocol, int port, int lastProtocol, int lastPort, string text) =>
        Assert.Equal(
            text, MatchText.Of(IPNetwork.Parse(vip), PortMap.Key(protocol, port), PortMap.Key(lastProtocol, lastPort)));

    [Fact]
    public void Flow_is_described_from_client_to_VIP()
    {
        var flow = new Flow(IPAddress.Parse("198.51.100.7"), IPAddress.Parse("203.0.113.10"), 6, 40000, 443);
        Assert.Equal("198.51.100.7:40000 > 203.0.113.10:443 protocol 6", flow.ToString());
    }

    [Theory]
    [InlineData("10.0.0.9", "10.0.0.10", -1)]
    [InlineData("10.0.1.0", "10.0.0.255", 1)]
    [InlineData("255.255.255.255", "::", -1)] // IPv4 comes before IPv6
    [InlineData("2001:db8::2", "2001:db8::10", -1)]
    [InlineData("10.0.0.1", "10.0.0.1", 0)]
    public void Addresses_are_ordered_by_family_and_bytes(string one, string other, int order) => Assert.Equal(order,
        Math.Sign(AddressComparer.Instance.Compare(IPAddress.Parse(one), IPAddress.Parse(other))));

    [Fact]
    public void Counters_add_packets_and_bytes() =>
        Assert.Equal(new Counter(11, 220), new Counter(1, 20) + new Counter(10, 200));
}
