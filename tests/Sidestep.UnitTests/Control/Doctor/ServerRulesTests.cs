using Sidestep.Api;
using Sidestep.Control.Doctor;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

public sealed class ServerRulesTests
{
    [Theory]
    [InlineData(98, false)] // 30 routers
    [InlineData(99, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [InlineData(64, false)]
    [InlineData(null, false)]
    public void Server_without_an_agent_looks_like_Windows_by_its_TTL(int? ttl, bool isFound)
    {
        var evidence = Evidence()
            .With("far1", s => s.WithoutAgent().WithPathReplies(ProbeReply.NoReply) with { ReplyTtl = ttl });
        Assert.Equal(isFound, Names(evidence).Contains(DiagnosisNames.WindowsInLayer3));
    }

    [Fact]
    public void Windows_is_diagnosed_with_its_evidence()
    {
        var silent = Evidence()
            .With("far1", static s => s.WithoutAgent().WithPathReplies(ProbeReply.NoReply) with { ReplyTtl = 126 });
        var guessed = Only(silent, DiagnosisNames.WindowsInLayer3);
        Assert.Equal((Severity.Broken, "far1"), (guessed.Severity, guessed.Server));
        Assert.Equal(["far-dns", "far-www"], guessed.Services);
        Assert.Equal(
            "far1 looks like a Windows server in a layer-3 pool: Windows cannot decapsulate ipip.", guessed.Summary);
        Assert.Equal(
            [
                "director: replies of 10.1.0.11 have TTL 126, as Windows sends them, and no agent reports",
                "director: probe through the DSR path to 203.0.113.20 tcp/80: no answer",
                "director: probe through the DSR path to 203.0.113.20 udp/53: no answer",
            ], guessed.Evidence);

        var reported = Evidence()
            .With("far1", static s => s.WithReport(static r => r with { OperatingSystem = "windows" }));
        var found = Only(reported, DiagnosisNames.WindowsInLayer3);
        Assert.StartsWith("far1 is a Windows server", found.Summary, StringComparison.Ordinal);
        Assert.Equal("agent: operating system windows", found.Evidence[0]);
    }

    [Fact]
    public void Windows_is_no_fault_at_layer_2_nor_by_its_TTL_while_the_path_works()
    {
        Assert.Empty(
            Names(Evidence()
                .With("near1", static s => s.WithReport(static r => r with { OperatingSystem = "windows" }))));
        Assert.Empty(Names(Evidence().With("far1", static s => s.WithoutAgent() with { ReplyTtl = 128 })));
        Assert.DoesNotContain(DiagnosisNames.WindowsInLayer3, Names(
            Evidence().With("far1", static s => s.WithPathReplies(ProbeReply.NoReply) with { ReplyTtl = 128 })));
    }

    [Fact]
    public void Missing_VIP_is_diagnosed_with_the_devices_that_lack_it()
    {
        var evidence = Evidence().With("near1", static s => s.WithReport(static r => WithoutAddress(r, "2001:")
            .WithWrongCondition(ConditionNames.Vip, Layer2Vip6.ToString())));
        var found = Only(evidence, DiagnosisNames.VipMissing);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal(["near-www"], found.Services);
        Assert.Equal(
            [
                "agent: 2001:db8:113::10 is on none of lo, eth0",
                "agent: vip (2001:db8:113::10) is found, wanted wanted",
                "director: probe through the DSR path to 2001:db8:113::10 tcp/80: answered",
            ], found.Evidence);
        Assert.Contains("ip address add 2001:db8:113::10/128 dev lo", found.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConditionStatus.Ok, false)]
    [InlineData(ConditionStatus.Note, true)]
    public void VIP_that_only_the_agent_finds_is_not_missing(ConditionStatus status, bool isFound)
    {
        var evidence = Evidence().With("far1", s => s.WithReport(r => WithoutAddress(r, "203.") with
        {
            Conditions =
                [new Condition(ConditionNames.Vip, Layer3Vip
                    .ToString(), status, "in 203.0.113.0/24 on lo", "on lo", "")],
        }));
        Assert.Equal(isFound ? [DiagnosisNames.VipMissing] : [], Names(evidence));
        if (isFound)
            Assert.Contains("ip address add 203.0.113.20/32", Only(evidence, DiagnosisNames.VipMissing).Remedy,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Address_that_only_begins_like_the_VIP_is_another_one() => Assert.Equal(
        [DiagnosisNames.VipMissing],
            Names(Evidence().With("far1", static s => s.WithReport(static r => WithoutAddress(r, "203.") with
            {
                Conditions = [],
                Devices = [new Device("lo", "", 65536, true, ["203.0.113.201/32"], []), .. r.Devices.Skip(1)],
            }))));

    [Fact]
    public void Agent_that_reports_no_devices_proves_no_missing_VIP() => Assert.DoesNotContain(
        DiagnosisNames.VipMissing,
            Names(Evidence().With("far1", static s => s.WithReport(static r => r with { Devices = [] }))));

    [Fact]
    public void Missing_decapsulation_has_the_remedy_of_the_agent_or_a_default_one()
    {
        var evidence = Evidence()
            .With("far1", static s => s
            .WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0")));
        var found = Only(evidence, DiagnosisNames.DecapsulationMissing);
        Assert.Equal((Severity.Broken, "far1", "remedy"), (found.Severity, found.Server, found.Remedy));
        Assert.Equal("Nothing on far1 removes the outer header (ipip).", found.Summary);
        Assert.Equal("agent: decapsulation (eth0) is found, wanted wanted", found.Evidence[0]);
        Assert.Equal(3, found.Evidence.Length);

        var without = Evidence().With("far1", static s => s.WithReport(static r => r with
        {
            Conditions = [.. r.Conditions,
                new Condition(ConditionNames.Decapsulation, "", ConditionStatus.Wrong, "no filter", "a filter", "")],
        }));
        found = Only(without, DiagnosisNames.DecapsulationMissing);
        Assert.Contains("sidestep-agent apply --decapsulate", found.Remedy, StringComparison.Ordinal);
        Assert.Equal("agent: decapsulation is no filter, wanted a filter", found.Evidence[0]);
    }

    [Fact]
    public void Layer_2_server_needs_no_decapsulation() => Assert
        .Equal([DiagnosisNames.Drift, DiagnosisNames.Drift], Names(Evidence()
        .With("near1", static s => s.WithReport(static r => r.WithWrongCondition(ConditionNames.Decapsulation, "eth0")))
        .With("near2", static s => s
        .WithReport(static r => r.WithWrongCondition(ConditionNames.DecapsulationSources, "eth0")))));

    [Fact]
    public void Decapsulation_that_rejects_the_director_names_its_addresses()
    {
        var evidence = Evidence().With("far1", static s => s.WithPathReplies(ProbeReply.NoReply)
            .WithReport(static r => r.WithGrownCounter(AgentCounterNames.RejectedSource, by: 6)));
        var found = Only(evidence, DiagnosisNames.DecapsulationRejectsDirector);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal("far1 decapsulates packets, but rejects those of this director (10.0.0.2).", found.Summary);
        Assert.Equal("agent: 6 rejected while the director probed", found.Evidence[0]);
        Assert.Equal([DiagnosisNames.DecapsulationRejectsDirector], Names(evidence));
    }

    [Theory]
    [InlineData(true, 0, false, Severity.Impaired)]
    [InlineData(true, 2, false, Severity.Broken)]
    [InlineData(false, 2, true, Severity.Broken)]
    [InlineData(false, 2, false, null)] // packets of others
    [InlineData(false, 0, true, null)]
    public void Strict_reverse_path_filter_is_broken_when_it_dropped_packets(bool isWrong, int dropped, bool isDown,
        Severity? expected)
    {
        var evidence = Evidence()
            .With("near1", s => (isDown ? s.WithPathReplies(ProbeReply.NoReply) : s).WithReport(r =>
            (isWrong ? r.WithWrongCondition(ConditionNames.RpFilter, "eth0") : r)
            .WithGrownCounter(AgentCounterNames.ReversePathFilter, dropped)));
        var found = DiagnosisRules.Diagnose(evidence)
            .FirstOrDefault(static d => d.Name == DiagnosisNames.StrictReversePathFilter);
        Assert.Equal(expected, found?.Severity);
        if (found is not null)
            Assert.Contains($"agent: IPReversePathFilter grew by {dropped} while the director probed", found.Evidence);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(0, 3)]
    public void Wrong_checksums_are_diagnosed_by_protocol(int tcp, int udp)
    {
        var evidence = Evidence().With("far1", s => s.WithReport(r => r
            .WithGrownCounter(AgentCounterNames.TcpChecksumErrors, tcp)
            .WithGrownCounter(AgentCounterNames.UdpChecksumErrors, udp)));
        var found = Only(evidence, DiagnosisNames.ChecksumOffloadBroken);
        Assert.Equal((Severity.Broken, "far1"), (found.Severity, found.Server));
        Assert.Equal([$"agent: Tcp InCsumErrors grew by {tcp}, Udp InCsumErrors by {udp} during the diagnosis"],
            found.Evidence);
    }

    /// <summary>The agent reports no address that begins so, and no condition of that VIP.</summary>
    private static AgentReport WithoutAddress(AgentReport report, string prefix) => report with
    {
        Conditions =
        [
            .. report.Conditions.Where(c =>
                c.Name != ConditionNames.Vip || !c.Subject.StartsWith(prefix, StringComparison.Ordinal)),
        ],
        Devices =
        [
            .. report.Devices.Select(d => d with
            {
                Addresses = [.. d.Addresses.Where(a => !a.StartsWith(prefix, StringComparison.Ordinal))],
            }),
        ],
    };
}
