using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Agents;

/// <summary>Handshakes that a server does not complete, from the counters of two successive reports.</summary>
public sealed class HandshakeSignalsTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10"), Other = IPAddress.Parse("203.0.113.11");
    private readonly HandshakeSignals _signals = new();

    [Theory]
    [InlineData(2, 0, null)]
    [InlineData(3, 0, "receives connection requests to 203.0.113.10, answers none")]
    [InlineData(3, 1, "resets connections to 203.0.113.10, accepts none")]
    [InlineData(0, 9, null)]
    public void Three_unanswered_SYNs_are_a_signal(int syns, int resets, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], Update(Traffic(10, 5, 1), Traffic(10 + syns, 5, 1 + resets)));

    [Fact]
    public void SYNs_and_resets_add_up_over_reports_until_the_signal()
    {
        Assert.Empty(Update(Traffic(0, 0, 0), Traffic(2, 0, 2)));
        Assert.Equal(["resets connections to 203.0.113.10, accepts none"], Update(Traffic(2, 0, 2), Traffic(3, 0, 2)));
        // The counts start again.
        Assert.Empty(Update(Traffic(3, 0, 2), Traffic(5, 0, 2)));
        Assert.Equal(
            ["receives connection requests to 203.0.113.10, answers none"], Update(Traffic(5, 0, 2), Traffic(6, 0, 2)));
    }

    [Fact]
    public void Counter_of_resets_that_fell_does_not_hide_later_ones()
    {
        Assert.Empty(Update(Traffic(0, 0, 7), Traffic(2, 0, 0)));
        Assert.Equal(["resets connections to 203.0.113.10, accepts none"], Update(Traffic(2, 0, 0), Traffic(4, 0, 1)));
    }

    [Fact]
    public void One_SYN_ACK_clears_the_count()
    {
        Assert.Empty(Update(Traffic(0, 0), Traffic(2, 0)));
        Assert.Empty(Update(Traffic(2, 0), Traffic(4, 1)));
        Assert.Empty(Update(Traffic(4, 1), Traffic(6, 1)));
    }

    [Fact]
    public void Restart_of_the_agent_or_of_its_program_clears_the_count()
    {
        Assert.Empty(Update(Traffic(0, 0), Traffic(2, 0)));
        Assert.Empty(Update(Traffic(2, 0), Traffic(9, 0) with { Instance = "b" }));
        Assert.Empty(Update(Traffic(9, 0), Traffic(11, 0)));
        Assert.Empty(Update(Traffic(11, 0), Traffic(1, 0)));
        Assert.Empty(Update(Traffic(1, 0), Traffic(3, 0)));
    }

    [Fact]
    public void VIP_that_the_previous_report_lacked_starts_at_its_first_report()
    {
        Assert.Empty(Update(Report(), Traffic(100, 0)));
        Assert.Empty(Update(Traffic(100, 0), Traffic(102, 0)));
    }

    [Fact]
    public void VIPs_and_servers_are_counted_apart()
    {
        Assert.Empty(
            Update(Report(new VipTraffic(Vip, 0, 0), new(Other, 0, 0)),
                Report(new VipTraffic(Vip, 2, 0), new(Other, 2, 0))));
        Assert.Empty(_signals.Update(RealServerKey.InDefault("web2"), Traffic(0, 0), Traffic(2, 0)));
        Assert.Equal(
            ["receives connection requests to 203.0.113.11, answers none"],
            Update(Report(new VipTraffic(Vip, 2, 0), new(Other, 2, 0)),
                Report(new VipTraffic(Vip, 2, 0), new(Other, 3, 0))));
    }

    [Fact]
    public void Removed_server_loses_its_counts_and_others_keep_theirs()
    {
        Assert.Empty(Update(Traffic(0, 0), Traffic(2, 0)));
        Assert.Empty(_signals.Update(RealServerKey.InDefault("web2"), Traffic(0, 0), Traffic(2, 0)));
        _signals.Remove(RealServerKey.InDefault("web1"));
        Assert.Empty(Update(Traffic(2, 0), Traffic(3, 0)));
        Assert.Single(_signals.Update(RealServerKey.InDefault("web2"), Traffic(2, 0), Traffic(3, 0)));
    }

    private IReadOnlyList<string> Update(AgentReport previous, AgentReport now) => _signals
        .Update(RealServerKey.InDefault("web1"), previous, now);

    private static AgentReport Traffic(long syns, long synAcks, long resets = 0) =>
        Report(new VipTraffic(Vip, syns, synAcks, resets));

    private static AgentReport Report(params VipTraffic[] traffic) => new()
    {
        AgentVersion = "1.0",
        OperatingSystem = "linux",
        WallClock = DateTimeOffset.UnixEpoch,
        Instance = "a",
        Traffic = [.. traffic],
    };
}
