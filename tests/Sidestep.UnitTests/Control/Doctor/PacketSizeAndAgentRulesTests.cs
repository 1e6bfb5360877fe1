using Sidestep.Api;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

public sealed class PacketSizeAndAgentRulesTests
{
    [Fact]
    public void Too_small_MTU_is_diagnosed_with_the_shortest_of_all_VIPs()
    {
        var evidence = Evidence().With("near1", static s => s.WithServices(static v => v with
        {
            PacketSize = new PacketSizeEvidence(
                1500, v.IsIPv6 ? 1400 : 1300, v.IsIPv6 ? "10.0.0.1 reports an MTU of 1400" : null),
        }));
        var found = Only(evidence, DiagnosisNames.MtuTooSmall);
        Assert.Equal((Severity.Impaired, "near1"), (found.Severity, found.Server));
        Assert.Equal(
            "The path to near1 carries at most 1300 bytes of a packet; the director's route takes 1500: larger "
                + "requests hang until the director has measured it.",
            found.Summary);
        Assert.Equal(
            [
                "director: echo to 203.0.113.10 with 1500 bytes: no answer; with 1300 bytes: answered",
                "director: echo to 2001:db8:113::10 with 1500 bytes: no answer; with 1400 bytes: answered",
                "director: 10.0.0.1 reports an MTU of 1400",
            ], found.Evidence);
    }

    [Fact]
    public void Encapsulation_is_named_where_there_is_one() => Assert.Contains(
        "carries at most 1380 bytes of a packet in ipip;",
        Only(Evidence().With("far1", static s => s.WithServices(
                static v => v with { PacketSize = new PacketSizeEvidence(1480, 1380, null) })),
            DiagnosisNames.MtuTooSmall).Summary, StringComparison.Ordinal);

    [Fact]
    public void Size_that_clients_are_told_still_costs_larger_packets() => Assert.EndsWith(
        "takes 1480: the director has measured it and tells clients, whose packets are smaller than they could be.",
        Only(Evidence().With("far1", static s => s.WithServices(static v => v with
        {
            PacketSize = new PacketSizeEvidence(1480, 1380, null),
            PathMtu = PathMtu.Of(1400, 20),
        })), DiagnosisNames.MtuTooSmall).Summary, StringComparison.Ordinal);

    [Fact]
    public void Server_that_answers_no_echo_proves_no_MTU() => Assert.Empty(Names(Evidence().With(
        "far1", static s => s
            .WithServices(static v => v with { PacketSize = new PacketSizeEvidence(1480, null, null) }))));

    [Theory]
    [InlineData(1440, false)]
    [InlineData(1441, true)]
    public void MSS_that_is_too_large_for_the_outer_header_is_diagnosed(int mss, bool isFound)
    {
        var evidence = Mss("far1", mss);
        Assert.Equal(isFound ? [DiagnosisNames.MssNotClamped] : [], Names(evidence));
        if (!isFound)
            return;
        var found = Only(evidence, DiagnosisNames.MssNotClamped);
        Assert.Equal((Severity.Impaired, "far1"), (found.Severity, found.Server));
        Assert.Equal(["far-www"], found.Services);
        Assert.Equal(
            "far1 announces an MSS of 1441 bytes to clients; the outer header leaves 1440: uploads hang where ICMP "
                + "does not get through.",
            found.Summary);
        Assert.Equal(["director: SYN-ACK of 203.0.113.20 tcp/80 has MSS 1441; MTU 1500 less 20 for ipip leaves 1440"],
            found.Evidence);
    }

    [Theory]
    [InlineData(1420, false)]
    [InlineData(1421, true)]
    public void IPv6_VIP_has_20_bytes_less(int mss, bool isFound)
    {
        var evidence = Evidence().With("near1", s => s.WithServices(v => v.IsIPv6 ? v with
        {
            Encap = new Encap(ForwardingMode.IpIp),
            PathMtu = new PathMtu(1500, 20, 1440, 1420),
            DsrPathProbe =
                v.DsrPathProbe! with { Mss = mss },
        } : v));
        Assert.Equal(isFound, Names(evidence).Contains(DiagnosisNames.MssNotClamped));
    }

    [Fact]
    public void MSS_of_a_layer_2_server_is_its_own() => Assert.Empty(Names(Mss("near1", 9000)));

    [Fact]
    public void Repaired_drift_is_a_warning_for_a_minute()
    {
        Assert.Equal([], Names(Drift(61, 60.001)));
        var found = Only(Drift(61, 60), DiagnosisNames.Drift);
        Assert.Equal((Severity.Warning, "near1"), (found.Severity, found.Server));
        Assert.Equal("A program on near1 changes what a real server needs, and the agent repaired it.", found.Summary);
        Assert.Equal(["agent: arp-ignore (eth0) became 0 at 03:03:03, repaired at 03:03:04"], found.Evidence);
    }

    [Fact]
    public void Drift_that_is_not_repaired_is_impaired_and_counts_its_recurrences()
    {
        var found = Only(Drift(3600, null, times: 4), DiagnosisNames.Drift);
        Assert.Equal(Severity.Impaired, found.Severity);
        Assert.Equal(["agent: arp-ignore (eth0) became 0 at 02:04:04, not repaired, 4 times"], found.Evidence);
    }

    [Fact]
    public void Wrong_condition_is_impaired_and_not_repeated_beside_its_drift()
    {
        var evidence = Drift(5, null).With("near1", static s => s.WithReport(static r => r
            .WithWrongCondition(ConditionNames.ArpIgnore, "eth0")
            .WithWrongCondition(ConditionNames.ArpIgnore, "eth1")));
        var found = Only(evidence, DiagnosisNames.Drift);
        Assert.Equal("A program on near1 changes what a real server needs.", found.Summary);
        Assert.Equal(
            ["agent: arp-ignore (eth0) became 0 at 03:03:59, not repaired", "agent: arp-ignore (eth1) is found, "
                + "wanted wanted"],
            found.Evidence);
    }

    [Fact]
    public void Condition_with_a_diagnosis_of_its_own_is_no_drift_of_that_server_but_of_others()
    {
        var evidence = Evidence();
        foreach (var server in new[] { "far1", "far2" })
            evidence = evidence
                .With(server, static s => s
                .WithReport(static r => r.WithWrongCondition(ConditionNames.DefaultRoute, "IPv4")));
        evidence = evidence.With("far1", static s => s.WithReport(static r => r with { DefaultRoutes = [] }));
        Assert.Equal(
            [(DiagnosisNames.DefaultRouteMissing, "far1"), (DiagnosisNames.Drift, "far2")],
            DiagnosisRules.Diagnose(evidence).Select(static d => (d.Name, d.Server!)));
    }

    [Fact]
    public void Silent_agent_is_a_warning_after_six_seconds()
    {
        static Evidence Silent(double seconds) => Evidence().With("near1", s => s with
        {
            AfterProbes = s.AfterProbes!
                with
            {
                At = Now
                    .AddSeconds(-seconds),
                Report = s.AfterProbes.Report
                    with
                { WallClock = Now.AddSeconds(-seconds) }
            },
        });
        Assert.Empty(Names(Silent(5.999)));
        var found = Only(Silent(6), DiagnosisNames.AgentSilent);
        Assert.Equal((Severity.Warning, "near1"), (found.Severity, found.Server));
        Assert.Equal(["director: the last report came 6 s ago"], found.Evidence);
        Assert.StartsWith("The agent of near1 has not reported since 03:03:59", found.Summary,
            StringComparison.Ordinal);
        Assert.Empty(Names(Evidence().With("near1", RuleTests.WithoutAgent)));
    }

    [Theory]
    [InlineData(-2.001, "2.0 s behind")]
    [InlineData(3, "3.0 s ahead of")]
    [InlineData(2, null)]
    [InlineData(-2, null)]
    public void Clock_that_differs_by_more_than_two_seconds_is_a_warning(double seconds, string? expected)
    {
        var evidence = Evidence()
            .With("near1", s => s.WithReport(r => r with { WallClock = r.WallClock.AddSeconds(seconds) }));
        Assert.Equal(expected is null ? [] : [DiagnosisNames.ClockSkew], Names(evidence));
        if (expected is null)
            return;
        var found = Only(evidence, DiagnosisNames.ClockSkew);
        Assert.Equal(Severity.Warning, found.Severity);
        Assert.StartsWith($"The clock of near1 is {expected} the director's", found.Summary, StringComparison.Ordinal);
        Assert.Equal("director: it came at 2026-01-02T03:04:04.0000000+00:00", found.Evidence[1]);
    }

    [Fact]
    public void Other_version_is_a_warning_with_both_versions()
    {
        var found = Only(
            Evidence()
                .With("near1", static s => s.WithReport(static r => r with { AgentVersion = "0.9" })),
                DiagnosisNames.VersionSkew);
        Assert.Equal((Severity.Warning, "near1"), (found.Severity, found.Server));
        Assert.Equal(["agent: 0.9", "director: 1.0"], found.Evidence);
    }

    private static Evidence Mss(string server, int mss) => Evidence().With(server, s => s.WithServices(v =>
        v.Protocol == TransportProtocol.Tcp ? v with { DsrPathProbe = v.DsrPathProbe! with { Mss = mss } } : v));

    /// <summary>near1's arp_ignore changed and was repaired so many seconds before its report.</summary>
    private static Evidence Drift(double noticed, double? repaired, int times = 1) => Evidence()
        .With("near1", s => s.WithReport(r => r with
        {
            Drifts =
        [
            new Drift(ConditionNames.ArpIgnore, "eth0", "0", r.WallClock.AddSeconds(-noticed),
                repaired is { } ago ? r.WallClock.AddSeconds(-ago) : null, times),
        ],
        }));
}
