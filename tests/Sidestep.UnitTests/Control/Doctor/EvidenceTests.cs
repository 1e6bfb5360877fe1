using Sidestep.Api;
using Sidestep.Control.Doctor;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;

namespace Sidestep.UnitTests.Control.Doctor;

/// <summary>What can be derived from two reports of an agent.</summary>
public sealed class EvidenceTests
{
    private static readonly Evidence All = Evidence();
    private static readonly ServerEvidence Server = All.Servers[0];

    [Fact]
    public void Growth_starts_at_the_report_of_the_beginning_if_there_is_one()
    {
        var grown = Server.WithReport(static r => r.WithGrownCounter(AgentCounterNames.RejectedSource, by: 4));
        Assert.Equal(4, grown.Growth(AgentCounterNames.RejectedSource));
        var early = grown.BeforeProbes!
            with
        { Report = grown.BeforeProbes.Report.WithGrownCounter(AgentCounterNames.RejectedSource, by: -2) };
        Assert.Equal(6, (grown with { AtStart = early }).Growth(AgentCounterNames.RejectedSource));
        Assert.Equal(0, grown.Growth("no such counter"));
    }

    [Fact]
    public void Growth_is_unknown_without_two_reports_of_one_agent_process()
    {
        var grown = Server.WithReport(static r => r.WithGrownCounter(AgentCounterNames.RejectedSource));
        Assert.Equal(0, (grown with { BeforeProbes = null }).Growth(AgentCounterNames.RejectedSource));
        Assert.Equal(0, (grown with { AfterProbes = null }).Growth(AgentCounterNames.RejectedSource));
        Assert.Equal(0, grown.WithReport(static r => r with { Instance = "b" })
            .Growth(AgentCounterNames.RejectedSource));
    }

    [Fact]
    public void Handshakes_are_the_difference_of_two_reports()
    {
        Assert.Equal((3, 2), Server.WithReport(static r => r.WithHandshakes(Layer2Vip, 3, 2)).Handshakes(Layer2Vip));
        Assert.Equal((0, 0), Server.Handshakes(Layer2Vip));
        // A VIP that the first report lacked is counted from 0.
        Assert.Equal((100, 100), (Server with
        {
            BeforeProbes = Server.BeforeProbes! with { Report = Server.BeforeProbes.Report with { Traffic = [] } },
        }).Handshakes(Layer2Vip));
    }

    [Fact]
    public void Handshakes_are_unknown_without_a_later_report_of_the_same_process()
    {
        Assert.Null(Server.Handshakes(Layer3Vip));
        Assert.Null((Server with { BeforeProbes = null }).Handshakes(Layer2Vip));
        Assert.Null((Server with { AfterProbes = null }).Handshakes(Layer2Vip));
        Assert.Null(Server.WithReport(static r => r with { Instance = "b" }).Handshakes(Layer2Vip));
        Assert.Null(Server.WithReport(static r => r with { Sequence = 7 }).Handshakes(Layer2Vip));
    }

    [Fact]
    public void Report_counts_for_less_than_six_seconds()
    {
        var last = Server.AfterProbes!;
        Assert.Same(last.Report, Server.Agent(All with { Now = last.At.AddSeconds(6).AddTicks(-1) }));
        Assert.Null(Server.Agent(All with { Now = last.At.AddSeconds(6) }));
        Assert.Null((Server with { AfterProbes = null }).Agent(All));
    }

    [Theory]
    [InlineData(ProbeReply.Answered, "answered")]
    [InlineData(ProbeReply.Refused, "refused")]
    [InlineData(ProbeReply.OtherSource, "answered by 10.0.0.11")]
    [InlineData(ProbeReply.NoReply, "no answer")]
    [InlineData(ProbeReply.NotSent, "not sent")]
    public void Probe_is_described_by_its_reply(ProbeReply reply, string expected)
    {
        var service = Server.Services[0]
            with
        { DsrPathProbe = new ProbeEvidence(reply, Server.Address, Detail: "after 5 ms") };
        Assert.Equal($"director: probe through the DSR path to 203.0.113.10 tcp/80: {expected} (after 5 ms)", service
            .Text());
        Assert.Equal(reply == ProbeReply.NoReply, service.IsDown());
    }

    [Fact]
    public void Service_without_a_probe_is_not_down()
    {
        var service = Server.Services[0] with { DsrPathProbe = null };
        Assert.Equal("203.0.113.10 tcp/80: not probed", service.Text());
        Assert.False(service.IsDown());
    }

    [Fact]
    public void Same_fault_at_several_VIPs_is_one_diagnosis_with_all_evidence_and_the_worst_severity()
    {
        var found = DiagnosisRules.Diagnose(All.With("near1", static s => s.WithPathReplies(ProbeReply.NoReply)));
        var diagnosis = Assert.Single(found);
        Assert.Equal((DiagnosisNames.DsrPathDown, "near1"), (diagnosis.Name, diagnosis.Server));
        Assert.Equal(["near-www"], diagnosis.Services);
        Assert.Equal(3, diagnosis.Evidence.Length);
    }
}
