namespace Sidestep.SystemTests.Daemon;

/// <summary>Pools with least connections: the daemon counts the tracked flows of each server for the data path.</summary>
public sealed class LeastConnectionsTests
{
    [Theory]
    [InlineData("native", "xdp")]
    [InlineData("af-packet", "managed")]
    public void New_flows_go_to_the_server_with_fewer(string driver, string engine)
    {
        using var segment = new Segment();
        segment.File = segment.File with
        {
            Interfaces = [("eth0", driver)],
            ExtraLines = [$"engine: {engine}"],
            PoolLines = segment.File.PoolLines + ", algorithm: least-connections",
            Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2) with { Enabled = false }],
        };
        segment.Start();
        using var first = segment.Send();
        first.WaitUntilAllAnswered();

        // Both have slots now, and server 1 has all the flows.
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2)] });
        Eventually.True(() => FlowsOf(segment, "server1") == Segment.Sources.Count, () => $"{segment.Status()}");
        // Two seconds of datagrams: the daemon counts every second.
        first.WaitForSent(1000);
        using var second = segment.Send();
        second.WaitUntilAllAnswered();
        Assert.All(second.Stop().Where(static e => e.IsAnswered), static e => Assert.Equal(2, e.Server));
        Assert.All(first.Stop().Where(static e => e.IsAnswered), static e => Assert.Equal(1, e.Server));
    }

    private static long FlowsOf(Segment segment, string server) => segment.Status().GetProperty("pools")[0]
        .GetProperty("servers").EnumerateArray().Single(s => s.GetProperty("name").GetString() == server)
        .GetProperty("flows").GetInt64();
}
