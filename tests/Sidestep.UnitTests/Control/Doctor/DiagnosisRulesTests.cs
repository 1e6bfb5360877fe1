using System.Net;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Doctor;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;

namespace Sidestep.UnitTests.Control.Doctor;

/// <summary>Each rule finds its fault on the affected server, and no other rule finds a cause before it.</summary>
public sealed class DiagnosisRulesTests
{
    [Fact]
    public void Healthy_topology_has_no_diagnosis() => Assert.Empty(DiagnosisRules.Diagnose(Evidence()));

    [Fact]
    public void Every_diagnosis_is_ordered_and_comes_from_a_rule() =>
        Assert.Equal(DiagnosisNames.All.Order(StringComparer.Ordinal), Faults.Select(static s => s.Name).Distinct()
            .Order(StringComparer.Ordinal));

    public static TheoryData<string> Cases => new(Faults.Select(static s => s.Title));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Actual_fault_is_diagnosed_first(string title)
    {
        var (_, name, server, evidence) = Faults.Single(s => s.Title == title);

        var found = DiagnosisRules.Diagnose(evidence());

        Assert.NotEmpty(found);
        Assert.Equal((name, server), (found[0].Name, found[0].Server));
        Assert.NotEmpty(found[0].Evidence);
        Assert.NotEmpty(found[0].Remedy);
        Assert.All(found, d => Assert.Equal(server, d.Server));
    }

    [Fact]
    public void Different_faults_of_two_servers_are_both_diagnosed()
    {
        var both = DiagnosisRules
            .Diagnose(Evidence()
            .With("near1", static s => s
            .WithReport(static r => r with { Listeners = [new Listener("tcp", IPAddress.Any, 22)] }))
            .With("far2", static s => s
            .WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0"))));

        Assert.Equal([(DiagnosisNames.DecapsulationMissing, "far2"), (DiagnosisNames.NotListening, "near1")],
            both.Select(static d => (d.Name, d.Server!)));
    }

    [Fact]
    public void Broken_path_with_a_known_cause_is_not_diagnosed_twice()
    {
        var found = DiagnosisRules
            .Diagnose(Evidence().With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0"))));

        Assert.Equal([DiagnosisNames.DecapsulationMissing], found.Select(static d => d.Name));
    }

    [Fact]
    public void Failing_health_checks_are_not_diagnosed_when_a_local_VIP_explains_them()
    {
        var found = DiagnosisRules
            .Diagnose((Evidence() with { LocalVips = [(Layer3Vip, "lo")] })
            .With("far1", static s => s with { UnhealthyIn = ["far/ipip"] })
            .With("near1", static s => s with { UnhealthyIn = ["near/l2"] }));

        Assert.Equal([(DiagnosisNames.VipLocalOnDirector, null), (DiagnosisNames.HealthChecksFailing, "near1")], found
            .Select(static d => (d.Name, d.Server)));
    }

    [Fact]
    public void Working_static_next_hop_need_not_reply() =>
        Assert.Empty(DiagnosisRules
            .Diagnose(Evidence()
            .With("near1", static s => s with { Route = s.Route with { IsStatic = true, RepliedMacs = [] } })));

    [Fact]
    public void Failing_static_next_hop_is_diagnosed()
    {
        var found = DiagnosisRules.Diagnose(Evidence()
            .With("near1", static s => s
            .WithPathReplies(ProbeReply.NoReply) with
            { Route = s.Route with { IsStatic = true, RepliedMacs = [] } }));

        Assert.Equal((DiagnosisNames.NextHopUnresolved, "near1"), (found[0].Name, found[0].Server));
    }

    [Fact]
    public void Rejected_packets_of_other_senders_are_not_attributed_to_this_director() =>
        Assert.Empty(DiagnosisRules
            .Diagnose(Evidence()
            .With("far1", static s => s.WithReport(static r => r.WithGrownCounter(AgentCounterNames.RejectedSource)))));

    [Fact]
    public void Outdated_report_is_ignored()
    {
        var old = Evidence().With("far1", static s => s
            .WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0"))
            with
        { BeforeProbes = null }) with
        { Now = Now.AddMinutes(1) };

        Assert.DoesNotContain(DiagnosisRules.Diagnose(old), static d => d.Name == DiagnosisNames.DecapsulationMissing);
    }

    [Fact]
    public void Counters_are_not_compared_across_agent_restarts() =>
        Assert.Empty(DiagnosisRules.Diagnose(Evidence()
            .With("near1", static s => s
            .WithReport(static r => r.WithGrownCounter(AgentCounterNames.TcpChecksumErrors) with { Instance = "b" }))));

    [Fact]
    public void Without_agents_the_probes_alone_show_what_listens()
    {
        static Evidence Alone(ProbeReply own) => Evidence().With("near1", s => s with
        {
            BeforeProbes = null,
            AfterProbes = null,
            Services = [.. s.Services
                .Select(v => v
                with { DsrPathProbe = new ProbeEvidence(ProbeReply.Refused), DirectProbe = new ProbeEvidence(own) })],
        });
        Assert.All(DiagnosisRules.Diagnose(Alone(ProbeReply.Answered)), static d => Assert
            .Equal(DiagnosisNames.ListeningOnServerAddressOnly, d.Name));
        Assert.All(DiagnosisRules.Diagnose(Alone(ProbeReply.Refused)), static d => Assert
            .Equal(DiagnosisNames.NotListening, d.Name));
    }

    [Fact]
    public void Silent_UDP_service_is_not_diagnosed_as_down() =>
        Assert.Empty(DiagnosisRules.Diagnose(Evidence().With("far1", static s => s with
        {
            Services = [.. s.Services
                .Select(static v => v.Protocol == TransportProtocol.Udp
                ? v with { DsrPathProbe = new ProbeEvidence(ProbeReply.NoReply) } : v)],
        })));

    private static readonly (string Title, string Name, string? Server, Func<Evidence> Evidence)[] Faults =
    [
        ("interface missing", DiagnosisNames.InterfaceMissing, null, static () =>
            WithLink(LinkCondition.Missing, null)),
        ("interface down", DiagnosisNames.InterfaceDown, null, static () =>
            WithLink(LinkCondition.Down, Driver.Native)),
        ("no carrier", DiagnosisNames.InterfaceDown, null, static () =>
            WithLink(LinkCondition.NoCarrier, Driver.Native)),
        ("detached", DiagnosisNames.InterfaceDetached, null, static () => Evidence()
            with { Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, null, null)] }),
        ("VIP local", DiagnosisNames.VipLocalOnDirector, null, static () => Evidence()
            with { LocalVips = [(Layer2Vip, "lo")] }),
        ("VIP local by a route", DiagnosisNames.VipLocalOnDirector, null, static () => Evidence()
            with { LocalRoutes = [Layer2Vip] }),
        ("replies dropped by the director", DiagnosisNames.ProbeRepliesDropped, null, static () =>
            (Evidence() with { ReplyFilters = [(Layer3Vip, "rp_filter is 1")] })
            .With("far1", static s => s with { UnhealthyIn = ["far/ipip"] })),
        ("VIP of an unknown host", DiagnosisNames.VipConflict, null, static () => Evidence()
            with { Conflicts = [Conflict(Layer2Vip, "02:ff:ff:ff:ff:ff", VipConflicts.UnknownHost, null)] }),
        ("VIP of another director", DiagnosisNames.VipConflict, null, static () => Evidence()
            with { Conflicts = [Conflict(Layer2Vip, "02:ff:ff:ff:ff:ff", VipConflicts.Director, "10.0.0.3")] }),
        ("server answers ARP", DiagnosisNames.ServerAnswersArp, "near2", static () => Evidence()
            .With("near2", static s => s.WithReport(static r => r.WithWrongCondition(ConditionNames.ArpIgnore, "eth0")))
            with { Conflicts = [Conflict(Layer2Vip, Mac("near2"), VipConflicts.Server, "near2")] }),
        ("server that is known by its agent only", DiagnosisNames.ServerAnswersArp, "far1", static () => Evidence()
            with { Conflicts = [Conflict(Layer3Vip, Mac("far1").ToUpperInvariant(), VipConflicts.UnknownHost, null)] }),
        ("server advertises", DiagnosisNames.ServerAdvertisesVip, "near1", static () => Evidence()
            with { Conflicts = [Conflict(Layer2Vip6, Mac("near1"), VipConflicts.Server, "near1")] }),
        ("no route", DiagnosisNames.NoRouteToServer, "far1", static () => Evidence()
            .With("far1", static s => s
            .WithPathReplies(ProbeReply.NotSent)
            with { Route = new RouteEvidence { NoRouteReason = "no route: unreachable" } })),
        ("not attached", DiagnosisNames.ServerNotAttached, "near1", static () => Evidence()
            .With("near1", static s => s.WithPathReplies(ProbeReply.NoReply) with
            { Route = s.Route with { Gateway = IPAddress.Parse("10.0.0.1"), Mac = null, RepliedMacs = [] } })),
        ("unresolved", DiagnosisNames.NextHopUnresolved, "near1", static () => Evidence()
            .With("near1", static s => s
            .WithPathReplies(ProbeReply.NoReply) with { Route = s.Route with { RepliedMacs = [] } })),
        ("stale", DiagnosisNames.NextHopStale, "near1", static () => Evidence()
            .With("near1", static s => s
            .WithPathReplies(ProbeReply.NoReply) with { Route = s.Route with { Mac = "02:00:00:00:00:99" } })),
        ("Windows by its agent", DiagnosisNames.WindowsInLayer3, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r with { OperatingSystem = "windows" }))),
        ("Windows by its TTL", DiagnosisNames.WindowsInLayer3, "far1", static () => Evidence()
            .With("far1", static s => s
            .WithPathReplies(ProbeReply.NoReply) with { BeforeProbes = null, AfterProbes = null, ReplyTtl = 126 })),
        ("VIP missing", DiagnosisNames.VipMissing, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply).WithReport(static r => (r with
            { Devices = [.. r.Devices
                .Select(static d => d
                with { Addresses = [.. d.Addresses
                    .Where(static a => !a.StartsWith("203.", StringComparison.Ordinal))] })] })
                    .WithWrongCondition(ConditionNames.Vip, Layer3Vip.ToString())))),
        ("decapsulation missing", DiagnosisNames.DecapsulationMissing, "far2", static () => Evidence()
            .With("far2", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0")))),
        ("decapsulation rejects by its settings", DiagnosisNames.DecapsulationRejectsDirector, "far2", static () =>
            Evidence()
                .With("far2", static s => s
                .WithReport(static r => r.WithWrongCondition(ConditionNames.DecapsulationSources, "eth0")))),
        ("decapsulation rejects by its counter", DiagnosisNames.DecapsulationRejectsDirector, "far2", static () =>
            Evidence()
                .With("far2", static s => s.WithPathReplies(ProbeReply.NoReply)
                .WithReport(static r => r.WithGrownCounter(AgentCounterNames.RejectedSource)))),
        ("strict reverse path by its setting", DiagnosisNames.StrictReversePathFilter, "far1", static () => Evidence()
            .With("far1", static s => s.WithReport(static r => r.WithWrongCondition(ConditionNames.RpFilter, "eth0")))),
        ("strict reverse path by its counter", DiagnosisNames.StrictReversePathFilter, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithGrownCounter(AgentCounterNames.ReversePathFilter)
            .WithHandshakes(Layer3Vip, 3, 0)))),
        ("listening elsewhere", DiagnosisNames.ListeningOnServerAddressOnly, "near1", static () => Evidence()
            .With("near1", static s => s.WithPathReplies(ProbeReply.Refused)
            .WithReport(static r => r
            with { Listeners = [new Listener("tcp", IPAddress.Parse("10.0.0.11"), 80, "nginx")] }))),
        ("other port by program", DiagnosisNames.PortMismatch, "near1", static () => Evidence()
            .With("near1", static s => s.WithPathReplies(ProbeReply.Refused)
            .WithReport(static r => r
            with { Listeners = [new Listener("tcp", IPAddress.IPv6Any, 8080, "nginx"),
                new Listener("tcp", IPAddress.Any, 22, "sshd")] }))),
        ("other port by comparison", DiagnosisNames.PortMismatch, "near1", static () =>
            WithoutProgramNames(Evidence().With("near1", static s => s.WithPathReplies(ProbeReply.Refused)
            .WithReport(static r => r
            with { Listeners = [new Listener("tcp", IPAddress.IPv6Any, 8080),
                new Listener("tcp", IPAddress.Any, 22)] })))),
        ("other port of the VIP", DiagnosisNames.PortMismatch, "far1", static () => Evidence()
            .With("far1", static s => s
            .WithReport(static r => r
            with { Listeners = [new Listener("tcp", Layer3Vip, 81), .. r.Listeners
                .Where(static l => l.Port != 80)] }))),
        ("nothing listens", DiagnosisNames.NotListening, "near1", static () => Evidence()
            .With("near1", static s => s.WithPathReplies(ProbeReply.Refused)
            .WithReport(static r => r with { Listeners = [new Listener("tcp", IPAddress.Any, 22, "sshd")] }))),
        ("other source", DiagnosisNames.WrongReplySource, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.OtherSource, IPAddress.Parse("10.1.0.11")))),
        ("default route to the director", DiagnosisNames.DefaultRouteToDirector, "far1", static () => Evidence()
            .With("far1", static s => s
            .WithReport(static r => r with { DefaultRoutes = [new DefaultRoute(4, "eth0", Director, null)] }))),
        ("no default route", DiagnosisNames.DefaultRouteMissing, "far1", static () => Evidence()
            .With("far1", static s => s.WithReport(static r => r with { DefaultRoutes = [] }))),
        ("no IPv6 default route", DiagnosisNames.DefaultRouteMissing, "near1", static () => Evidence()
            .With("near1", static s => s.WithReport(static r => r with { DefaultRoutes = [r.DefaultRoutes[0]] }))),
        ("no link-local address", DiagnosisNames.LinkLocalMissing, "near1", static () => Evidence()
            .With("near1", static s => s.WithPathReplies(ProbeReply.NoReply).WithReport(static r => r with
            { Devices = [.. r.Devices
                .Select(static d => d
                with { Addresses = [.. d.Addresses
                    .Where(static a => !a.StartsWith("fe80", StringComparison.Ordinal))] })] }))),
        ("wrong checksums", DiagnosisNames.ChecksumOffloadBroken, "near1", static () => Evidence()
            .With("near1", static s => s
            .WithReport(static r => r.WithGrownCounter(AgentCounterNames.TcpChecksumErrors)))),
        ("local firewall", DiagnosisNames.ServerDropsRequests, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithHandshakes(Layer3Vip, 3, 0)))),
        ("reply lost", DiagnosisNames.ReplyDroppedInTransit, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithHandshakes(Layer3Vip, 3, 3)))),
        ("MTU", DiagnosisNames.MtuTooSmall, "far1", static () => Evidence().With("far1", static s => s with
            { Services = [.. s.Services
                .Select(static v => v
                with { PacketSize = new PacketSizeEvidence(1480, 1380, "10.0.0.1 reports an MTU of 1400") })] })),
        ("MSS", DiagnosisNames.MssNotClamped, "far1", static () => Evidence().With("far1", static s => s with
            { Services = [.. s.Services
                .Select(static v => v.Protocol == TransportProtocol.Tcp
                ? v with { DsrPathProbe = v.DsrPathProbe! with { Mss = 1460 } } : v)] })
                    .With("far1", static s => s
                    .WithReport(static r => r.WithWrongCondition(ConditionNames.MssClamp, "203.0.113.20")))),
        ("request lost", DiagnosisNames.DsrPathDown, "far1", static () => Evidence()
            .With("far1", static s => s.WithPathReplies(ProbeReply.NoReply))),
        ("weights", DiagnosisNames.NoServerForNewFlows, null, static () => Evidence()
            with { PoolsWithoutServer = [new PoolEvidence("far", ["far1: draining", "far2: weight 0"], ["far-www"])] }),
        ("health checks", DiagnosisNames.HealthChecksFailing, "far1", static () => Evidence()
            .With("far1", static s => s with { UnhealthyIn = ["far/ipip"] })),
        ("generic mode", DiagnosisNames.XdpModeDegraded, null, static () => Evidence()
            with { Interfaces =
                [new InterfaceEvidence("eth0", Driver.Auto, Driver.Generic, "the driver has no XDP")] }),
        ("repaired drift", DiagnosisNames.Drift, "near1", static () => Evidence()
            .With("near1", static s => s.WithReport(static r => r with
            { Drifts =
                [new Drift(ConditionNames.ArpIgnore, "eth0", "0", Now.AddSeconds(-20), Now.AddSeconds(-19))] }))),
        ("setting of a server that no ARP reaches", DiagnosisNames.Drift, "far1", static () => Evidence()
            .With("far1", static s => s
            .WithReport(static r => r.WithWrongCondition(ConditionNames.ArpIgnore, "eth0")))),
        ("silent agent", DiagnosisNames.AgentSilent, "near1", static () => Evidence()
            .With("near1", static s => s with { AfterProbes = s.AfterProbes! with { At = Now.AddSeconds(-30) } })),
        ("clock", DiagnosisNames.ClockSkew, "near1", static () => Evidence()
            .With("near1", static s => s.WithReport(static r => r with { WallClock = r.WallClock.AddSeconds(-3) }))),
        ("version", DiagnosisNames.VersionSkew, "near1", static () => Evidence()
            .With("near1", static s => s.WithReport(static r => r with { AgentVersion = "0.9" }))),
    ];

    private static VipConflict Conflict(IPAddress vip, string mac, string kind, string? name) =>
        new(vip, mac, "eth0", name, kind, Now.AddSeconds(-9), Now, 4);

    /// <summary>A director that reaches no server by its only interface: no route, no replies, silent agents, failing
    /// health checks.</summary>
    private static Evidence WithLink(LinkCondition link, Driver? actual)
    {
        var evidence = Evidence() with
        {
            Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, actual, null, link)],
        };
        foreach (var server in evidence.Servers)
        {
            evidence = evidence.With(server.Name, s => s.WithPathReplies(ProbeReply.NoReply) with
            {
                Route = link == LinkCondition.NoCarrier ? s.Route with { RepliedMacs = [] }
                    : new RouteEvidence { NoRouteReason = "no route: unreachable" },
                AfterProbes = s.AfterProbes! with { At = Now.AddSeconds(-30) },
                UnhealthyIn = ["pool"],
            });
        }
        return evidence;
    }

    /// <summary>An agent without the permission to see processes reports no programs.</summary>
    private static Evidence WithoutProgramNames(Evidence evidence) => evidence with
    {
        Servers = [.. evidence.Servers
            .Select(static s => s
            .WithReport(static r => r
            with { Listeners = [.. r.Listeners.Select(static l => l with { Program = null })] }))],
    };
}
