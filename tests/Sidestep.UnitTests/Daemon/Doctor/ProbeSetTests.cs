using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class ProbeSetTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");

    [Fact]
    public void TCP_service_gets_a_probe_through_the_encapsulation_and_a_direct_one()
    {
        var server = Server("10.0.0.11");
        var set = ProbeSet.Of([Checked(server, Service(80))], TestDirector.NextHops);
        Assert.Equal([("203.0.113.10:80", true), ("10.0.0.11:80", false)], set.Probes.Select(static p =>
            (p.To.ToString(), p.Encap is not null)));
        Assert.All(set.Probes, static p => Assert.Equal(TestDirector.Web1, p.NextHop.Neighbour));
        Assert.Equal(1468, Assert.Single(set.Searches).ExpectedBytes);
    }

    [Theory]
    [InlineData(53, TransportProtocol.Udp, 1)]
    [InlineData(0, TransportProtocol.Tcp, 0)] // a range of ports
    [InlineData(80, TransportProtocol.Any, 0)]
    public void UDP_gets_no_direct_probe_and_unknown_ports_get_none(int port, TransportProtocol protocol, int probes)
    {
        var set = ProbeSet.Of([Checked(Server("10.0.0.11"), Service(port) with { Protocol = protocol })],
            TestDirector.NextHops);
        Assert.Equal(probes, set.Count);
        Assert.Single(set.Searches);
    }

    [Fact]
    public void Services_of_one_path_share_its_search()
    {
        var server = Server("10.0.0.11");
        var set = ProbeSet.Of([Checked(server, Service(80), Service(81), Service(82) with { Encap = Encap.Layer2 })],
            TestDirector.NextHops);
        Assert.Equal(6, set.Count);
        Assert.Equal(2, set.Searches.Count);
    }

    [Fact]
    public void Unresolved_servers_and_the_director_itself_are_not_probed()
    {
        var local = new NextHopTable([], new Dictionary<VrfAddress, NextHop>
        {
            [VrfAddress.Parse("10.0.0.2")] = new(TestDirector.Eth0, TestDirector.Eth0.Mac, IsLocal: true),
        }, new Dictionary<VrfAddress, string>());
        var set = ProbeSet.Of([Checked(Server("10.0.0.2"), Service(80)), Checked(Server("10.0.0.77"), Service(80))],
            local);
        Assert.Empty(set.Probes);
        Assert.Empty(set.Searches);
        Assert.True(set.IsComplete);
    }

    [Fact]
    public void Number_of_probes_is_limited()
    {
        var services = Enumerable.Range(1, 2000).Select(Service).ToArray();
        Assert.True(ProbeSet.Of([Checked(Server("10.0.0.11"), services)], TestDirector.NextHops).IsComplete);
        var set = ProbeSet.Of([Checked(Server("10.0.0.11"), [.. services, Service(3000)])], TestDirector.NextHops);
        Assert.Equal((4000, false), (set.Count, set.IsComplete));
    }

    [Fact]
    public void Results_are_added_to_the_evidence_of_their_service()
    {
        var server = Server("10.0.0.11");
        var services = Checked(server, Service(80), Service(81));
        var set = ProbeSet.Of([services], TestDirector.NextHops);
        set.Probes[0].Evidence = new ProbeEvidence(ProbeReply.Answered, Vip);
        set.Probes[0].Ttl = 11;
        set.Probes[3].Evidence = new ProbeEvidence(ProbeReply.Refused);
        Assert.Null(set.ReplyTtlOf(server));
        set.Probes[3].Ttl = 64;
        set.Searches[0].RecordReply(1468);

        var first = set.AddTo(services.Services[0]);
        Assert.Equal((ProbeReply.Answered, null), (first.DsrPathProbe?.Reply, first.DirectProbe?.Reply));
        var second = set.AddTo(services.Services[1]);
        Assert.Equal((null, ProbeReply.Refused), (second.DsrPathProbe?.Reply, second.DirectProbe?.Reply));
        Assert.Equal(new PacketSizeEvidence(1468, 1468, null), second.PacketSize);
        Assert.Equal(64, set.ReplyTtlOf(server));
        Assert.Null(set.ReplyTtlOf(Server("10.0.0.12")));

        var other = new CheckedService(Server("10.0.0.12"), Service(80));
        Assert.Equal(other.Evidence, set.AddTo(other));
    }

    private static RealServer Server(string address) => new() { Name = "web1", Address = IPAddress.Parse(address) };

    private static CheckedServer Checked(RealServer server, params ServiceEvidence[] services) =>
        new(server, [.. services.Select(s => new CheckedService(server, s))]);

    private static ServiceEvidence Service(int port) => new()
    {
        Name = "www",
        Pool = "web",
        Vip = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = port,
        Encap = new Encap(ForwardingMode.Gue, 6081),
        PathMtu = new Sidestep.Api.PathMtu(1500, 32, 1428, 1408),
    };
}
