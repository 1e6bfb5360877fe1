using System.Net;
using Sidestep.Api;
using Sidestep.Control.Doctor;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

public sealed class ReturnPathRulesTests
{
    private static readonly IPAddress Other = IPAddress.Parse("10.1.0.11");

    [Theory]
    [InlineData(TransportProtocol.Tcp, "far-www", "tcp/80", "source NAT")]
    [InlineData(TransportProtocol.Udp, "far-dns", "udp/53", "IP_PKTINFO")]
    public void Reply_from_another_source_is_diagnosed_by_service(TransportProtocol protocol, string service,
        string where, string remedy)
    {
        var found = Only(Evidence().With("far1", s => s.WithServices(v => v.Protocol == protocol
            ? v with { DsrPathProbe = new ProbeEvidence(ProbeReply.OtherSource, Other) } : v)),
                DiagnosisNames.WrongReplySource);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal([service], found.Services);
        Assert.Equal("Replies of far1 come from 10.1.0.11, not from the VIP 203.0.113.20: clients ignore them.",
            found.Summary);
        Assert.Equal([$"director: probe through the DSR path to 203.0.113.20 {where}: answered by 10.1.0.11"],
            found.Evidence);
        Assert.Contains(remedy, found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_default_route_is_diagnosed_for_the_family_of_the_VIP()
    {
        var found =
            Only(Report("near1", static r => r with { DefaultRoutes = [r.DefaultRoutes[1]] }),
                DiagnosisNames.DefaultRouteMissing);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal("near1 has no IPv4 default route: replies to clients of other networks have no path.",
            found.Summary);
        Assert.Equal(["agent: no IPv4 default route"], found.Evidence);
        // far1 has no IPv6 VIP.
        Assert.Empty(Names(Report("far1", static r => r with { DefaultRoutes = [r.DefaultRoutes[0]] })));
    }

    [Fact]
    public void Default_route_through_the_director_is_diagnosed_only_when_all_lead_to_it()
    {
        var (director, router) = (new DefaultRoute(4, "eth0", Director, null),
            new DefaultRoute(4, "eth1", IPAddress.Parse("10.0.0.1"), null));
        var found =
            Only(Report("far1", r => r with { DefaultRoutes = [director] }), DiagnosisNames.DefaultRouteToDirector);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal(["far-dns", "far-www"], found.Services);
        Assert.Equal(["agent: default via 10.0.0.2 dev eth0"], found.Evidence);
        Assert.Empty(Names(Report("far1", r => r with { DefaultRoutes = [director, router] })));
        Assert.Empty(
            Names(Report("far1", static r => r with { DefaultRoutes = [new DefaultRoute(4, "ppp0", null, null)] })));
    }

    [Fact]
    public void Agent_that_reports_no_devices_proves_no_missing_route() =>
        Assert.Empty(Names(Report("far1", static r => r with { DefaultRoutes = [], Devices = [] })));

    [Fact]
    public void Missing_link_local_address_is_broken_only_while_an_IPv6_path_is_down()
    {
        var evidence = Report("near1", WithoutLinkLocal);
        var found = Only(evidence, DiagnosisNames.LinkLocalMissing);
        Assert.Equal((Severity.Impaired, "near1"), (found.Severity, found.Server));
        Assert.Equal(["near-www"], found.Services);
        Assert.Equal(["agent: eth0 has 10.0.0.11/24"], found.Evidence);
        Assert.Contains("net.ipv6.conf.eth0.addr_gen_mode=0", found.Remedy, StringComparison.Ordinal);

        found = Only(evidence.With("near1", static s => s.WithServices(static v =>
            v.IsIPv6 ? v with { DsrPathProbe = new ProbeEvidence(ProbeReply.NoReply) } : v)),
                DiagnosisNames.LinkLocalMissing);
        Assert.Equal(Severity.Broken, found.Severity);
        Assert.Equal("director: probe through the DSR path to 2001:db8:113::10 tcp/80: no answer", found.Evidence[1]);
    }

    [Fact]
    public void Devices_that_are_down_or_carry_no_IPv6_need_no_link_local_address()
    {
        Assert.Empty(Names(Report("near1", static r => WithoutLinkLocal(r) is var w ? w with
        {
            Devices = [w.Devices[0], w.Devices[1] with { IsUp = false }],
        } : r)));
        Assert.Empty(Names(Report("near1", static r => WithoutLinkLocal(r) is var w ? w with
        {
            Devices = [w.Devices[0], w.Devices[1] with { Mac = "" }],
        } : r)));
        Assert.Empty(Names(Report("near1", static r => WithoutLinkLocal(r) with
        {
            DefaultRoutes = [r.DefaultRoutes[0], r.DefaultRoutes[1] with { Device = "eth7" }],
        })));
        // A global IPv6 address shows that the device carries IPv6.
        Assert.Equal([DiagnosisNames.LinkLocalMissing], Names(Report("near1", static r => r with
        {
            Devices = [r.Devices[0], r.Devices[1] with { Addresses = ["2001:db8::11/64", "not an address"] }],
            DefaultRoutes = [r.DefaultRoutes[0], r.DefaultRoutes[1] with { Device = "eth7" }],
        })));
        Assert.Empty(Names(Report("far1", WithoutLinkLocal)));
    }

    [Fact]
    public void Server_that_drops_requests_is_diagnosed_with_its_counters_and_filters()
    {
        var found =
            Only(Down(static r => r.WithHandshakes(Layer3Vip, 3, 0)
                .WithGrownCounter(AgentCounterNames.ListenDrops, by: 2)
            with
            { FilterHints = ["nft: table inet filter drops tcp dport 80"] }), DiagnosisNames.ServerDropsRequests);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal(["far-www"], found.Services);
        Assert.Equal(
            [
                "agent: 3 SYN received, 0 SYN-ACK sent", "agent: ListenDrops grew by 2", "agent: nft: table inet "
                    + "filter drops tcp dport 80",
                "director: probe through the DSR path to 203.0.113.20 tcp/80: no answer",
            ], found.Evidence);
    }

    [Fact]
    public void Reply_that_is_lost_is_diagnosed_when_the_server_sent_one()
    {
        var evidence = Down(static r => r.WithHandshakes(Layer3Vip, 3, 2));
        Assert.Equal([DiagnosisNames.ReplyDroppedInTransit], Names(evidence));
        var found = Only(evidence, DiagnosisNames.ReplyDroppedInTransit);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal(
            [
                "agent: 3 SYN received, 2 SYN-ACK sent while the director probed",
                "director: probe through the DSR path to 203.0.113.20 tcp/80: no answer",
            ], found.Evidence);
    }

    [Fact]
    public void Path_that_is_down_says_how_far_requests_get()
    {
        var found = Only(Down(static r => r), DiagnosisNames.DsrPathDown);
        Assert.Equal("Requests to 203.0.113.20 tcp/80 through far1 are not answered.", found.Summary);
        Assert.Equal("agent: 0 SYN received, 0 SYN-ACK sent", found.Evidence[1]);
        Assert.StartsWith("They do not arrive", found.Remedy, StringComparison.Ordinal);

        found = Only(Evidence()
            .With("far1", static s => s.WithoutAgent().WithPathReplies(ProbeReply.NoReply)),
            DiagnosisNames.DsrPathDown);
        Assert.Equal("agent: no handshake counters", found.Evidence[1]);
        Assert.StartsWith("Run sidestep-agent", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Failing_health_checks_are_diagnosed_when_nothing_else_explains_them()
    {
        var evidence = Evidence().With("far1", static s => s with { UnhealthyIn = ["far/ipip", "far/gre"] });
        var found = Only(evidence, DiagnosisNames.HealthChecksFailing);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal(["director: unhealthy in far/ipip", "director: unhealthy in far/gre"], found.Evidence.Take(2));
        Assert.Equal([DiagnosisNames.DefaultRouteMissing], Names(evidence.With(
            "far1", static s => s.WithReport(static r => r with { DefaultRoutes = [] }))));
        // Impaired is no explanation.
        Assert.Contains(DiagnosisNames.HealthChecksFailing, Names(evidence.With(
            "far1", static s => s.WithReport(static r => r.WithWrongCondition(ConditionNames.RpFilter, "eth0")))));
    }

    private static Evidence Report(string server, Func<AgentReport, AgentReport> change) =>
        Evidence().With(server, s => s.WithReport(change));

    private static Evidence Down(Func<AgentReport, AgentReport> change) =>
        Evidence().With("far1", s => s.WithPathReplies(ProbeReply.NoReply).WithReport(change));

    private static AgentReport WithoutLinkLocal(AgentReport report) => report with
    {
        Devices =
        [
            .. report.Devices.Select(static d => d with
            {
                Addresses = [.. d.Addresses.Where(static a => !a.StartsWith("fe80", StringComparison.Ordinal))],
            }),
        ],
    };
}
