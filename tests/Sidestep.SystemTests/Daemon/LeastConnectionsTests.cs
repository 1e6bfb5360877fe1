namespace Sidestep.SystemTests.Daemon;

/// <summary>Pools with least connections: the data path counts flows that begin, the daemon those that ended.</summary>
public sealed class LeastConnectionsTests
{
    [Theory]
    [InlineData("native", "xdp")]
    [LongInlineData("af-packet", "managed")]
    public void New_flows_go_to_the_server_with_fewer_flows(string driver, string engine)
    {
        using var segment = new Segment();
        segment.File = segment.File with
        {
            Interfaces = [("eth0", driver)],
            NodeLines = [$"engine: {engine}"],
            ProfileLines = "dsrType: l2, idleTimeouts: { udp: 2 }",
            PoolLines = segment.File.PoolLines + ", algorithm: least-connections",
            Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2) with { Enabled = false }],
        };
        segment.Start();
        using var first = segment.Send([.. Segment.Sources.Take(4)]);
        first.WaitUntilAllAnswered();

        // Both have slots now, and server 1 has all the flows.
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2)] });
        using var second = segment.Send([.. Segment.Sources.Take(4)]);
        second.WaitUntilAllAnswered();
        AssertServer(1, first.Stop());

        // The flows of server 1 expire. The daemon counts every second, and 1,000 datagrams take two.
        Eventually.True(() => FlowsOf(segment, "server1") == 0, () => $"{segment.Status()}");
        second.WaitForSent(1000);
        // Other clients: a flow that takes the entry of an expired one would subtract that itself.
        using var third = segment.Send([.. Segment.Sources.Skip(4)]);
        third.WaitUntilAllAnswered();
        AssertServer(1, third.Stop());
        AssertServer(2, second.Stop());
    }

    private static void AssertServer(byte expected, IReadOnlyList<Exchange> exchanges) =>
        Assert.Equal(expected, Assert.Single(exchanges.Where(static e => e.IsAnswered).Select(static e => e.Server)
            .Distinct()));

    private static long FlowsOf(Segment segment, string server) => segment.Status().GetProperty("pools")[0]
        .GetProperty("servers").EnumerateArray().Single(s => s.GetProperty("name").GetString() == server)
        .GetProperty("flows").GetInt64();
}
