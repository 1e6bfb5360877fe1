namespace Sidestep.SystemTests.Director;

/// <summary>The daemon comes and goes; the packets do not notice.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class KillTests
{
    private const int Enough = 250;

    [Fact]
    public void Kill9AndTheNextStartLoseNotASinglePacket()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        for (var round = 0; round < 3; round++)
        {
            traffic.Pass(Enough);
            daemon.Kill();
            traffic.Pass(Enough);
            daemon = segment.Start();
            Assert.Contains("adopted the running tables", daemon.Said, StringComparison.Ordinal);
        }
        traffic.Pass(Enough);

        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        // The hash and the slots are the same before and after.
        Assert.Equal(new byte[] { 1, 2 }, NoLoss.ServerOf(exchanges).Values.Distinct().Order());
        Assert.True(segment.Status().GetProperty("services")[0].GetProperty("packets").GetInt64() >= exchanges.Count, "counters went back");
    }

    [Fact]
    public void SigtermLeavesTheProgramWhenToldToKeepIt()
    {
        using var segment = new Segment();
        segment.File = segment.File with { OnExit = "keep" };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        traffic.Pass(Enough);
        Assert.Equal(0, daemon.End());
        traffic.Pass(Enough);
        Assert.Equal(["director"], KernelView.XdpPrograms(segment.Director, "eth0"));
        Assert.False(segment.Status().GetProperty("daemon").GetProperty("running").GetBoolean());
        segment.Start();
        traffic.Pass(Enough);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void OneThatIsToldToEndWhileItStartsLeavesWhatItFound()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { OnExit = "keep" };
        Assert.Equal(0, segment.Start().End());
        // Nobody has this address: the start waits for it.
        segment.Write(segment.File with { Servers = [.. segment.File.Servers, Segment.Line(9)] });

        var daemon = segment.Launch().Until("adopted the running tables");
        Assert.Equal(0, daemon.End());

        Assert.DoesNotContain(Daemon.Ready, daemon.Said, StringComparison.Ordinal);
        Assert.Equal(["director"], KernelView.XdpPrograms(segment.Director, "eth0"));
        Assert.Equal(["server1"], segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray().Select(static s => s.GetProperty("name").GetString()));
        Assert.False(segment.Status().GetProperty("daemon").GetProperty("starting").GetBoolean());
        Assert.Contains("applied: 1 services, 1 servers", segment.Start().Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void ASignalDetachesAndRemovesEverythingWhenToldToRemove(string signal)
    {
        using var segment = new Segment(servers: 1);
        var daemon = segment.Start();
        Assert.Equal(["director"], KernelView.XdpPrograms(segment.Director, "eth0"));
        Assert.NotEmpty(Directory.GetFiles(segment.PinFolder));

        Assert.Equal(0, daemon.End(signal));

        Assert.Empty(KernelView.XdpPrograms(segment.Director, "eth0"));
        Assert.Equal("none", KernelView.XdpMode(segment.Director, "eth0"));
        Assert.False(Directory.Exists(segment.PinFolder));
    }

    [Fact]
    public void WhatAKilledDaemonLeftIsRemovedByTheNextOne()
    {
        using var segment = new Segment(servers: 1);
        segment.Start().Kill();
        Assert.Equal(0, segment.Start().End());
        Assert.Equal("none", KernelView.XdpMode(segment.Director, "eth0"));
        Assert.False(Directory.Exists(segment.PinFolder));
    }
}
