namespace Sidestep.SystemTests.Daemon;

/// <summary>Forwarding goes on while the daemon stops and starts.</summary>
[Collection(SerialTests.Name)]
public sealed class DaemonRestartTests
{
    private const int DatagramsPerRound = 250;

    [Fact]
    public void SIGKILL_and_the_next_start_lose_no_packet()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        for (var round = 0; round < 3; round++)
        {
            traffic.WaitForSent(DatagramsPerRound);
            daemon.Kill();
            traffic.WaitForSent(DatagramsPerRound);
            daemon = segment.Start();
            Assert.Contains("adopted the running tables", daemon.CombinedOutput, StringComparison.Ordinal);
        }
        traffic.WaitForSent(DatagramsPerRound);

        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        // Hash and slots are the same before and after.
        Assert.Equal(new byte[] { 1, 2 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct().Order());
        Assert.True(segment.Status().GetProperty("services")[0].GetProperty("packets").GetInt64() >= exchanges.Count,
            "counters went back");
    }

    [Fact]
    public void With_onExit_keep_SIGTERM_leaves_the_program_attached()
    {
        using var segment = new Segment();
        segment.File = segment.File with { OnExit = "keep" };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        traffic.WaitForSent(DatagramsPerRound);
        Assert.Equal(0, daemon.Terminate());
        traffic.WaitForSent(DatagramsPerRound);
        Assert.Equal(["director"], KernelXdp.ProgramNames(segment.Director, "eth0"));
        Assert.False(segment.Status().GetProperty("daemon").GetProperty("running").GetBoolean());
        segment.Start();
        traffic.WaitForSent(DatagramsPerRound);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void A_daemon_stopped_while_it_starts_leaves_the_state_it_found()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { OnExit = "keep" };
        Assert.Equal(0, segment.Start().Terminate());
        // No host has this address, so that the start waits for it.
        segment.Write(segment.File with { Servers = [.. segment.File.Servers, Segment.ServerEntry(9)] });

        var daemon = segment.Launch().Until("adopted the running tables");
        Assert.Equal(0, daemon.Terminate());

        Assert.DoesNotContain(DaemonProcess.Ready, daemon.CombinedOutput, StringComparison.Ordinal);
        Assert.Equal(["director"], KernelXdp.ProgramNames(segment.Director, "eth0"));
        Assert.Equal(["server1"], segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray()
            .Select(static s => s.GetProperty("name").GetString()));
        Assert.False(segment.Status().GetProperty("daemon").GetProperty("starting").GetBoolean());
        Assert.Contains("applied: 1 services, 1 servers", segment.Start().CombinedOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [LongInlineData("INT")]
    public void With_onExit_remove_a_signal_detaches_and_removes_everything(string signal)
    {
        using var segment = new Segment(servers: 1);
        var daemon = segment.Start();
        Assert.Equal(["director"], KernelXdp.ProgramNames(segment.Director, "eth0"));
        Assert.NotEmpty(Directory.GetFiles(segment.PinFolder));

        Assert.Equal(0, daemon.Terminate(signal));

        Assert.Empty(KernelXdp.ProgramNames(segment.Director, "eth0"));
        Assert.Equal("none", KernelXdp.Mode(segment.Director, "eth0"));
        Assert.False(Directory.Exists(segment.PinFolder));
    }

    [Fact]
    public void The_next_daemon_removes_what_a_killed_one_left()
    {
        using var segment = new Segment(servers: 1);
        segment.Start().Kill();
        Assert.Equal(0, segment.Start().Terminate());
        Assert.Equal("none", KernelXdp.Mode(segment.Director, "eth0"));
        Assert.False(Directory.Exists(segment.PinFolder));
    }
}
