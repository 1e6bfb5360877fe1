using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding.Pipeline;

/// <summary>Which frames a capture filter selects.</summary>
public sealed class CaptureMatcherTests
{
    private const string Macs = "020000000002020000000099";

    // 198.51.100.7:40000 > 203.0.113.10:80
    private const string Tcp = Macs + "0800" + "45000028000000004006" + "0000" + "c6336407" + "cb00710a" + "9c400050"
        + "0000000000000000" + "50020000" + "00000000";
    private const string Udp6 = Macs + "86dd" + "6000000000081140" + "20010db8000c00000000000000000007"
        + "20010db8001000000000000000000010" + "0035003600080000";
    private const string Sctp = Macs + "0800" + "45000020000000004084" + "0000" + "c6336407" + "cb00710a" + "9c400f1c"
        + "0000000000000000";
    private const string Icmp = Macs + "0800" + "4500001c000000004001" + "0000" + "c6336407" + "cb00710a"
        + "0800000000000000";
    private const string Arp = Macs + "0806" + "0001080006040001" + "020000000099" + "c0000201" + "000000000000"
        + "cb00710a";
    private const string Lldp = Macs + "88cc" + "0207";

    [Theory]
    [InlineData(Tcp, "203.0.113.10/32", CapturedSide.Destination, true)]
    [InlineData(Tcp, "203.0.113.10/32", CapturedSide.Source, false)]
    [InlineData(Tcp, "203.0.113.10/32", CapturedSide.Either, true)]
    [InlineData(Tcp, "198.51.100.0/24", CapturedSide.Source, true)]
    [InlineData(Tcp, "198.51.100.0/24", CapturedSide.Destination, false)]
    [InlineData(Tcp, "198.51.100.0/24", CapturedSide.Either, true)]
    [InlineData(Tcp, "198.51.101.0/24", CapturedSide.Either, false)]
    [InlineData(Udp6, "2001:db8:c::/48", CapturedSide.Source, true)]
    [InlineData(Udp6, "2001:db8:c::/48", CapturedSide.Destination, false)]
    [InlineData(Arp, "203.0.113.10/32", CapturedSide.Destination, true)]
    [InlineData(Arp, "192.0.2.1/32", CapturedSide.Source, true)]
    [InlineData(Lldp, "0.0.0.0/0", CapturedSide.Either, false)]
    public void Address_is_compared_on_its_side(string frame, string prefix, CapturedSide side, bool matches) =>
        Assert.Equal(
            matches, Matches(
            frame, new CaptureFilter { Addresses = [new AddressCondition(IPNetwork.Parse(prefix), side)] }));

    [Fact]
    public void Every_address_condition_must_be_met()
    {
        var client = new AddressCondition(IPNetwork.Parse("198.51.100.7/32"), CapturedSide.Either);
        var vip = new AddressCondition(IPNetwork.Parse("203.0.113.10/32"), CapturedSide.Either);
        Assert.True(Matches(Tcp, new CaptureFilter { Addresses = [client, vip] }));
        Assert.False(Matches(Tcp, new CaptureFilter { Addresses = [client, vip with { Side = CapturedSide.Source }] }));
    }

    [Theory]
    [InlineData(Tcp, 80, true)]
    [InlineData(Tcp, 40000, true)]
    [InlineData(Tcp, 81, false)]
    [InlineData(Udp6, 53, true)]
    [InlineData(Udp6, 54, true)]
    [InlineData(Sctp, 3868, true)]
    [InlineData(Icmp, 80, false)]
    public void Port_is_compared_on_both_sides(string frame, ushort port, bool matches) =>
        Assert.Equal(matches, Matches(frame, new CaptureFilter { Ports = [port] }));

    [Fact]
    public void Every_port_must_occur()
    {
        Assert.True(Matches(Tcp, new CaptureFilter { Ports = [80, 40000] }));
        Assert.False(Matches(Tcp, new CaptureFilter { Ports = [80, 443] }));
    }

    [Theory]
    [InlineData(Tcp, CapturedProtocol.Tcp, true)]
    [InlineData(Tcp, CapturedProtocol.Udp, false)]
    [InlineData(Udp6, CapturedProtocol.Udp, true)]
    [InlineData(Udp6, CapturedProtocol.Icmp, false)]
    [InlineData(Sctp, CapturedProtocol.Sctp, true)]
    [InlineData(Sctp, CapturedProtocol.UdpLite, false)]
    [InlineData(Sctp, CapturedProtocol.Dccp, false)]
    [InlineData(Icmp, CapturedProtocol.Icmp, true)]
    [InlineData(Icmp, CapturedProtocol.Tcp, false)]
    [InlineData(Arp, CapturedProtocol.Tcp, false)]
    public void Protocol_is_compared(string frame, CapturedProtocol protocol, bool matches) =>
        Assert.Equal(matches, Matches(frame, new CaptureFilter { Protocol = protocol }));

    [Fact]
    public void Filter_without_conditions_matches_every_frame() =>
        Assert.All([Tcp, Udp6, Icmp, Arp, Lldp], static f => Assert.True(Matches(f, CaptureFilter.Everything)));

    [Theory]
    [InlineData(null, null, Decision.Forward, true)]
    [InlineData(null, null, Decision.Drop, true)]
    [InlineData(null, null, Decision.Pass, false)]
    [InlineData(Decision.Pass, null, Decision.Pass, true)]
    [InlineData(Decision.Forward, null, Decision.Drop, false)]
    [InlineData(null, DropReason.NoServer, Decision.Drop, true)]
    [InlineData(null, DropReason.NoService, Decision.Drop, false)]
    [InlineData(Decision.Drop, DropReason.NoServer, Decision.Drop, true)]
    [InlineData(Decision.Forward, DropReason.NoServer, Decision.Drop, false)]
    [InlineData(null, DropReason.NoServer, Decision.Forward, false)]
    public void Result_is_compared_with_decision_and_reason(
        Decision? wanted, DropReason? reason, Decision decision, bool matches) =>
        Assert.Equal(matches, new CaptureMatcher(new CaptureFilter { Decision = wanted, Reason = reason }).Matches(
            new ReplayedFrame { Decision = decision, Reason = DropReason.NoServer, Slot = -1 }));

    [Theory]
    [InlineData("www", null, true)]
    [InlineData("dns", null, false)]
    [InlineData(null, "web1", true)]
    [InlineData(null, "10.0.0.1", true)]
    [InlineData(null, "10.0.0.2", false)]
    [InlineData(null, "web2", false)]
    [InlineData("www", "web2", false)]
    public void Result_is_compared_with_service_and_server(string? service, string? server, bool matches) =>
        Assert.Equal(
            matches, new CaptureMatcher(new CaptureFilter { Service = service, Server = server }).Matches(
            new ReplayedFrame
            {
                Decision = Decision.Forward,
                Slot = 3,
                Service = "www",
                Server = new ServerKey(new GroupKey(PoolKey.InDefault("web"), Encap.Layer2), "web1",
                    VrfAddress.Parse("10.0.0.1")),
            }));

    [Fact]
    public void Server_is_not_matched_when_none_was_chosen() => Assert.False(
        new CaptureMatcher(new CaptureFilter { Server = "web1" }).Matches(
        new ReplayedFrame { Decision = Decision.Drop, Slot = -1 }));

    private static bool Matches(string frame, CaptureFilter filter) =>
        new CaptureMatcher(filter).Matches(Convert.FromHexString(frame));
}
