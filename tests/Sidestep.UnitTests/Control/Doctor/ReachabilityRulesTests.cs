using System.Net;
using Sidestep.Api;
using Sidestep.Control.Doctor;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

public sealed class ReachabilityRulesTests
{
    [Fact]
    public void Missing_route_is_diagnosed_with_the_reason_of_the_kernel()
    {
        var found = Only(
            Route("far1", static r => new RouteEvidence { NoRouteReason = "network is unreachable" }),
                DiagnosisNames.NoRouteToServer);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal(["far-dns", "far-www"], found.Services);
        Assert.Equal("The director has no usable route to far1 (10.1.0.11).", found.Summary);
        Assert.Equal(["director: network is unreachable"], found.Evidence);
        Assert.Contains("ip route add 10.1.0.11 via ROUTER", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Layer_2_server_behind_a_router_is_not_attached()
    {
        var found =
            Only(Route("near1", static r => r with { Gateway = IPAddress.Parse("10.0.0.1") }),
                DiagnosisNames.ServerNotAttached);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal(["near-www"], found.Services);
        Assert.Equal(["director: route to 10.0.0.11 by 10.0.0.1 on 'eth0'"], found.Evidence);
        Assert.StartsWith("near1 (10.0.0.11) is behind the router 10.0.0.1", found.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Layer_3_server_may_be_behind_a_router() =>
        Assert.Empty(Names(Route("far1", static r => r with { Gateway = IPAddress.Parse("10.0.0.7") })));

    [Fact]
    public void Router_of_a_missing_route_is_no_diagnosis_of_its_own() => Assert.Equal(
        [DiagnosisNames.NoRouteToServer],
        Names(Route("near1", static r => r
            with
        { Gateway = IPAddress.Parse("10.0.0.1"), NoRouteReason = "no route", RepliedMacs = [] })));

    [Fact]
    public void Silent_next_hop_is_diagnosed_with_what_the_director_still_does()
    {
        var found = Only(Route("near1", static r => r with { RepliedMacs = [] }), DiagnosisNames.NextHopUnresolved);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal("The next hop to near1, 10.0.0.11, does not answer ARP on 'eth0'.", found.Summary);
        Assert.Equal(
            [
                "director: no reply for 10.0.0.11", "director: packets still go to 02:00:00:00:01:01",
                "agent: still reports, over another path",
            ], found.Evidence);
    }

    [Fact]
    public void Silent_router_is_the_next_hop_of_a_layer_3_server()
    {
        var evidence = Route("far1", static r => r with { RepliedMacs = [], Mac = null })
            .With("far1", RuleTests.WithoutAgent);
        var found = Only(evidence, DiagnosisNames.NextHopUnresolved);
        Assert.StartsWith("The next hop to far1, 10.0.0.1, does", found.Summary, StringComparison.Ordinal);
        Assert.Equal(
            ["director: no reply for 10.0.0.1", "director: no packets go to it", "agent: no report received"],
                found.Evidence);
    }

    [Fact]
    public void IPv6_next_hop_does_not_answer_neighbour_solicitation()
    {
        var evidence = Route("near1", static r => r with { RepliedMacs = [] })
            .With("near1", static s => s with { Address = IPAddress.Parse("2001:db8::11") });
        Assert.Equal(
            "The next hop to near1, 2001:db8::11, does not answer neighbour solicitation on 'eth0'.",
            Only(evidence, DiagnosisNames.NextHopUnresolved).Summary);
    }

    [Fact]
    public void Silent_agent_of_an_unresolved_server_is_evidence_and_no_diagnosis_of_its_own()
    {
        var evidence = Route("near1", static r => r with { RepliedMacs = [] })
            .With("near1", static s => s with { AfterProbes = s.AfterProbes! with { At = Now.AddSeconds(-30) } });
        Assert.Equal([DiagnosisNames.NextHopUnresolved], Names(evidence));
        Assert.Equal("agent: silent since 03:03:35", Only(evidence, DiagnosisNames.NextHopUnresolved).Evidence[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Next_hop_that_was_not_asked_or_is_the_director_itself_is_resolved(bool isLocal) => Assert.Empty(Names(
        Route("near1", r => isLocal ? r with { IsLocal = true, RepliedMacs = [] } : r with { RepliedMacs = null })));

    [Fact]
    public void Stale_next_hop_is_broken_while_no_probe_is_answered()
    {
        var evidence =
            Route("near1", static r => r
                with
            { Mac = "02:00:00:00:00:99", RepliedMacs = ["02:00:00:00:01:01", "02:00:00:00:01:07"] });
        Assert.Equal(Severity.Warning, Only(evidence, DiagnosisNames.NextHopStale).Severity);
        var found =
            Only(evidence
                .With("near1", static s => s.WithPathReplies(ProbeReply.NoReply)), DiagnosisNames.NextHopStale);
        Assert.Equal(Severity.Broken, found.Severity);
        Assert.Equal(
            "Packets for near1 go to 02:00:00:00:00:99, but 10.0.0.11 has 02:00:00:00:01:01, 02:00:00:00:01:07.",
                found.Summary);
        Assert.Equal(
            [
                "director: 02:00:00:00:01:01, 02:00:00:00:01:07 answered for 10.0.0.11 on 'eth0'",
                "director: its neighbour table has 02:00:00:00:00:99",
            ], found.Evidence);
        Assert.Contains("ip neighbour del 10.0.0.11 dev eth0", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_hop_with_two_addresses_of_which_one_is_used_is_not_stale() =>
        Assert.Empty(Names(Route("near1", static r => r with { RepliedMacs = ["02:00:00:00:01:07", Mac("near1")] })));

    private static Evidence Route(string server, Func<RouteEvidence, RouteEvidence> change) =>
        Evidence().With(server, s => s with { Route = change(s.Route) });
}
