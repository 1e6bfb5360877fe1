using System.Net;
using Sidestep.Api;
using Sidestep.Control.Doctor;
using Sidestep.Control.Sentinel;
using Sidestep.Model;
using static Sidestep.UnitTests.Doctor.Healthy;

namespace Sidestep.UnitTests.Doctor;

/// <summary>Each rule finds what it is for, on the server that it is about, and no other rule finds a cause before it.</summary>
public sealed class RuleTests
{
    [Fact]
    public void A_healthy_topology_has_no_diagnosis() => Assert.Empty(Rules.Diagnose(Evidence()));

    [Fact]
    public void Every_name_is_in_the_order_and_comes_from_a_rule() =>
        Assert.Equal(DiagnosisNames.All.Order(StringComparer.Ordinal), Sick.Select(static s => s.Name).Distinct().Order(StringComparer.Ordinal));

    public static TheoryData<string> Cases => new(Sick.Select(static s => s.Title));

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_wrong_is_named_first(string title)
    {
        var (_, name, server, evidence) = Sick.Single(s => s.Title == title);

        var found = Rules.Diagnose(evidence());

        Assert.NotEmpty(found);
        Assert.Equal((name, server), (found[0].Name, found[0].Server));
        Assert.NotEmpty(found[0].Evidence);
        Assert.NotEmpty(found[0].Cure);
        Assert.All(found, d => Assert.Equal(server, d.Server));
    }

    [Fact]
    public void Two_servers_with_different_faults_are_both_named()
    {
        var both = Rules.Diagnose(Evidence().With("near1", static s => s.After(static r => r with { Listeners = [new Listener("tcp", IPAddress.Any, 22)] }))
            .With("far2", static s => s.After(static r => r.Wrong(ConditionNames.Decapsulation, "eth0"))));

        Assert.Equal([(DiagnosisNames.DecapsulationMissing, "far2"), (DiagnosisNames.NotListening, "near1")],
            both.Select(static d => (d.Name, d.Server!)));
    }

    [Fact]
    public void A_dead_path_that_has_a_cause_is_not_told_again()
    {
        var found = Rules.Diagnose(Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent).After(static r => r.Wrong(ConditionNames.Decapsulation, "eth0"))));

        Assert.Equal([DiagnosisNames.DecapsulationMissing], found.Select(static d => d.Name));
    }

    [Fact]
    public void What_health_checks_say_while_the_director_has_the_VIP_is_its_consequence()
    {
        var found = Rules.Diagnose((Evidence() with { LocalVips = [(Far, "lo")] }).With("far1", static s => s with { UnfitIn = ["far/ipip"] })
            .With("near1", static s => s with { UnfitIn = ["near/l2"] }));

        Assert.Equal([(DiagnosisNames.VipLocalOnDirector, null), (DiagnosisNames.FailsHealthChecks, "near1")], found.Select(static d => (d.Name, d.Server)));
    }

    [Fact]
    public void A_next_hop_that_somebody_entered_and_that_works_need_not_answer() =>
        Assert.Empty(Rules.Diagnose(Evidence().With("near1", static s => s with { Route = s.Route with { IsEntered = true, Answered = [] } })));

    [Fact]
    public void A_next_hop_that_somebody_entered_and_that_does_not_work_is_named()
    {
        var found = Rules.Diagnose(Evidence().With("near1", static s => s.Paths(ProbeOutcome.Silent) with { Route = s.Route with { IsEntered = true, Answered = [] } }));

        Assert.Equal((DiagnosisNames.NextHopUnresolved, "near1"), (found[0].Name, found[0].Server));
    }

    [Fact]
    public void Packets_that_others_sent_in_vain_are_no_refusal_of_this_director() =>
        Assert.Empty(Rules.Diagnose(Evidence().With("far1", static s => s.After(static r => r.Grown(CounterNames.RefusedSource)))));

    [Fact]
    public void What_is_told_by_a_report_that_is_too_old_is_not_believed()
    {
        var old = Evidence().With("far1", static s => s.After(static r => r.Wrong(ConditionNames.Decapsulation, "eth0")) with { Before = null }) with { Now = Now.AddMinutes(1) };

        Assert.DoesNotContain(Rules.Diagnose(old), static d => d.Name == DiagnosisNames.DecapsulationMissing);
    }

    [Fact]
    public void Counters_of_another_start_of_the_agent_do_not_grow() =>
        Assert.Empty(Rules.Diagnose(Evidence().With("near1", static s => s.After(static r => r.Grown(CounterNames.TcpChecksumErrors) with { Instance = "b" }))));

    [Fact]
    public void Without_agents_probes_alone_tell_what_listens()
    {
        static Evidence Alone(ProbeOutcome own) => Evidence().With("near1", s => s with
        {
            Before = null,
            After = null,
            Services = [.. s.Services.Select(v => v with { Path = new ProbeEvidence(ProbeOutcome.Refused), Own = new ProbeEvidence(own) })],
        });
        Assert.All(Rules.Diagnose(Alone(ProbeOutcome.Answered)), static d => Assert.Equal(DiagnosisNames.ListeningOnServerAddressOnly, d.Name));
        Assert.All(Rules.Diagnose(Alone(ProbeOutcome.Refused)), static d => Assert.Equal(DiagnosisNames.NotListening, d.Name));
    }

    [Fact]
    public void A_silent_udp_service_is_not_called_dead() =>
        Assert.Empty(Rules.Diagnose(Evidence().With("far1", static s => s with
        {
            Services = [.. s.Services.Select(static v => v.Protocol == TransportProtocol.Udp ? v with { Path = new ProbeEvidence(ProbeOutcome.Silent) } : v)],
        })));

    private static readonly (string Title, string Name, string? Server, Func<Evidence> Evidence)[] Sick =
    [
        ("VIP local", DiagnosisNames.VipLocalOnDirector, null, static () => Evidence() with { LocalVips = [(Near, "lo")] }),
        ("VIP of a stranger", DiagnosisNames.VipOwnedTwice, null, static () => Evidence() with { Claims = [Claim(Near, "02:ff:ff:ff:ff:ff", VipClaims.Stranger, null)] }),
        ("VIP of another director", DiagnosisNames.VipOwnedTwice, null, static () => Evidence() with { Claims = [Claim(Near, "02:ff:ff:ff:ff:ff", VipClaims.Director, "10.0.0.3")] }),
        ("server answers ARP", DiagnosisNames.ServerAnswersArp, "near2", static () => Evidence().With("near2", static s => s.After(static r => r.Wrong(ConditionNames.ArpIgnore, "eth0")))
            with { Claims = [Claim(Near, Mac("near2"), VipClaims.Server, "near2")] }),
        ("server that is known by its agent only", DiagnosisNames.ServerAnswersArp, "far1", static () => Evidence() with { Claims = [Claim(Far, Mac("far1").ToUpperInvariant(), VipClaims.Stranger, null)] }),
        ("server advertises", DiagnosisNames.ServerAdvertisesVip, "near1", static () => Evidence() with { Claims = [Claim(Near6, Mac("near1"), VipClaims.Server, "near1")] }),
        ("no route", DiagnosisNames.NoRouteToServer, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.NotSent) with { Route = new RouteEvidence { NoRoute = "no route: unreachable" } })),
        ("not attached", DiagnosisNames.ServerNotAttached, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Silent) with
            { Route = s.Route with { Gateway = IPAddress.Parse("10.0.0.1"), Mac = null, Answered = [] } })),
        ("unresolved", DiagnosisNames.NextHopUnresolved, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Silent) with { Route = s.Route with { Answered = [] } })),
        ("stale", DiagnosisNames.NextHopStale, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Silent) with { Route = s.Route with { Mac = "02:00:00:00:00:99" } })),
        ("Windows by its agent", DiagnosisNames.WindowsInLayer3, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent).After(static r => r with { OperatingSystem = "windows" }))),
        ("Windows by its TTL", DiagnosisNames.WindowsInLayer3, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent) with { Before = null, After = null, OwnTtl = 126 })),
        ("VIP missing", DiagnosisNames.VipMissing, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent).After(static r => (r with
            { Devices = [.. r.Devices.Select(static d => d with { Addresses = [.. d.Addresses.Where(static a => !a.StartsWith("203.", StringComparison.Ordinal))] })] }).Wrong(ConditionNames.Vip, Far.ToString())))),
        ("decapsulation missing", DiagnosisNames.DecapsulationMissing, "far2", static () => Evidence().With("far2", static s => s.Paths(ProbeOutcome.Silent).After(static r => r.Wrong(ConditionNames.Decapsulation, "eth0")))),
        ("decapsulation refuses by its settings", DiagnosisNames.DecapsulationRefusesDirector, "far2", static () => Evidence().With("far2", static s => s.After(static r => r.Wrong(ConditionNames.DecapsulationSources, "eth0")))),
        ("decapsulation refuses by its counter", DiagnosisNames.DecapsulationRefusesDirector, "far2", static () => Evidence().With("far2", static s => s.Paths(ProbeOutcome.Silent).After(static r => r.Grown(CounterNames.RefusedSource)))),
        ("strict reverse path by its setting", DiagnosisNames.StrictReversePathFilter, "far1", static () => Evidence().With("far1", static s => s.After(static r => r.Wrong(ConditionNames.RpFilter, "eth0")))),
        ("strict reverse path by its counter", DiagnosisNames.StrictReversePathFilter, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent)
            .After(static r => r.Grown(CounterNames.ReversePathFilter).Handshakes(Far, 3, 0)))),
        ("listening elsewhere", DiagnosisNames.ListeningOnServerAddressOnly, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Refused)
            .After(static r => r with { Listeners = [new Listener("tcp", IPAddress.Parse("10.0.0.11"), 80, "nginx")] }))),
        ("other port by program", DiagnosisNames.PortMismatch, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Refused)
            .After(static r => r with { Listeners = [new Listener("tcp", IPAddress.IPv6Any, 8080, "nginx"), new Listener("tcp", IPAddress.Any, 22, "sshd")] }))),
        ("other port by comparison", DiagnosisNames.PortMismatch, "near1", static () => Nameless(Evidence().With("near1", static s => s.Paths(ProbeOutcome.Refused)
            .After(static r => r with { Listeners = [new Listener("tcp", IPAddress.IPv6Any, 8080), new Listener("tcp", IPAddress.Any, 22)] })))),
        ("other port of the VIP", DiagnosisNames.PortMismatch, "far1", static () => Evidence().With("far1", static s => s
            .After(static r => r with { Listeners = [new Listener("tcp", Far, 81), .. r.Listeners.Where(static l => l.Port != 80)] }))),
        ("nothing listens", DiagnosisNames.NotListening, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Refused)
            .After(static r => r with { Listeners = [new Listener("tcp", IPAddress.Any, 22, "sshd")] }))),
        ("other source", DiagnosisNames.WrongReplySource, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.OtherSource, IPAddress.Parse("10.1.0.11")))),
        ("default route to the director", DiagnosisNames.DefaultRouteToDirector, "far1", static () => Evidence().With("far1", static s => s.After(static r => r with { DefaultRoutes = [new DefaultRoute(4, "eth0", Director, null)] }))),
        ("no default route", DiagnosisNames.DefaultRouteMissing, "far1", static () => Evidence().With("far1", static s => s.After(static r => r with { DefaultRoutes = [] }))),
        ("no IPv6 default route", DiagnosisNames.DefaultRouteMissing, "near1", static () => Evidence().With("near1", static s => s.After(static r => r with { DefaultRoutes = [r.DefaultRoutes[0]] }))),
        ("no link-local address", DiagnosisNames.LinkLocalMissing, "near1", static () => Evidence().With("near1", static s => s.Paths(ProbeOutcome.Silent).After(static r => r with
            { Devices = [.. r.Devices.Select(static d => d with { Addresses = [.. d.Addresses.Where(static a => !a.StartsWith("fe80", StringComparison.Ordinal))] })] }))),
        ("wrong checksums", DiagnosisNames.ChecksumOffloadBroken, "near1", static () => Evidence().With("near1", static s => s.After(static r => r.Grown(CounterNames.TcpChecksumErrors)))),
        ("local firewall", DiagnosisNames.ServerDropsRequests, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent).After(static r => r.Handshakes(Far, 3, 0)))),
        ("reply lost", DiagnosisNames.ReplyDroppedOnTheWay, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent).After(static r => r.Handshakes(Far, 3, 3)))),
        ("MTU", DiagnosisNames.MtuTooSmall, "far1", static () => Evidence().With("far1", static s => s with
            { Services = [.. s.Services.Select(static v => v with { Size = new SizeEvidence(1480, 1380, "10.0.0.1 says that 1400 bytes fit") })] })),
        ("MSS", DiagnosisNames.MssNotClamped, "far1", static () => Evidence().With("far1", static s => s with
            { Services = [.. s.Services.Select(static v => v.Protocol == TransportProtocol.Tcp ? v with { Path = v.Path! with { Mss = 1460 } } : v)] }).With("far1", static s => s.After(static r => r.Wrong(ConditionNames.MssClamp, "203.0.113.20")))),
        ("request lost", DiagnosisNames.PathDead, "far1", static () => Evidence().With("far1", static s => s.Paths(ProbeOutcome.Silent))),
        ("unfit", DiagnosisNames.FailsHealthChecks, "far1", static () => Evidence().With("far1", static s => s with { UnfitIn = ["far/ipip"] })),
        ("generic mode", DiagnosisNames.XdpModeDegraded, null, static () => Evidence() with { Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Generic, "the driver has no XDP")] }),
        ("repaired drift", DiagnosisNames.Drift, "near1", static () => Evidence().With("near1", static s => s.After(static r => r with
            { Drifts = [new Drift(ConditionNames.ArpIgnore, "eth0", "0", Now.AddSeconds(-20), Now.AddSeconds(-19))] }))),
        ("setting of a server that no ARP reaches", DiagnosisNames.Drift, "far1", static () => Evidence().With("far1", static s => s.After(static r => r.Wrong(ConditionNames.ArpIgnore, "eth0")))),
        ("silent agent", DiagnosisNames.AgentSilent, "near1", static () => Evidence().With("near1", static s => s with { After = s.After! with { At = Now.AddSeconds(-30) } })),
        ("clock", DiagnosisNames.ClockSkew, "near1", static () => Evidence().With("near1", static s => s.After(static r => r with { WallClock = r.WallClock.AddSeconds(-3) }))),
        ("version", DiagnosisNames.VersionSkew, "near1", static () => Evidence().With("near1", static s => s.After(static r => r with { AgentVersion = "0.9" }))),
    ];

    private static VipClaim Claim(IPAddress vip, string mac, string kind, string? who) => new(vip, mac, "eth0", who, kind, Now.AddSeconds(-9), Now, 4);

    /// <summary>An agent that may not see processes reports none.</summary>
    private static Evidence Nameless(Evidence evidence) => evidence with
    {
        Servers = [.. evidence.Servers.Select(static s => s.After(static r => r with { Listeners = [.. r.Listeners.Select(static l => l with { Program = null })] }))],
    };
}
