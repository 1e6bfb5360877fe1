namespace Sidestep.SystemTests.EngineManaged.Persistence;

/// <summary>A managed daemon adopts the state of one that was killed.</summary>
public sealed class ManagedRestartTests
{
    /// <summary>The daemon is killed during a transition: clients of the previous server stay there only because the
    /// next daemon knows it.</summary>
    [Fact]
    public void Tracked_flows_and_migration_windows_survive_SIGKILL()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], Servers = [Segment.ServerEntry(1)] };
        var first = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2)] });
        traffic.WaitForSent(100);
        first.Kill();
        Assert.Contains("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);

        var second = segment.Start();
        var killed = traffic.Count;
        traffic.WaitForSent(200);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(killed + Segment.Sources.Count)]);
        Assert.Equal(new byte[] { 1 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct());
        Assert.Contains("adopted the flow table of an earlier daemon", second.CombinedOutput, StringComparison.Ordinal);
        var rules = segment.Director.Run("ip", "rule", "show").Split('\n')
            .Where(static l => l.Contains("5151", StringComparison.Ordinal));
        Assert.Single(rules);
        Assert.Equal(0, second.Terminate());
        Assert.DoesNotContain("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
        Assert.Empty(segment.Director.Run("ip", "route", "show", "table", "all", "type", "blackhole").Trim());
    }

    [Fact]
    public void The_XDP_engine_removes_what_the_managed_engine_left_in_the_kernel()
    {
        using var segment = new Segment(servers: 1);
        segment.Write(segment.File with { Interfaces = [("eth0", "af-packet")] });
        segment.Start().Kill();
        Assert.Contains("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
        segment.Write(segment.File with { Interfaces = [("eth0", "native")] });
        segment.Start();
        Assert.DoesNotContain("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
        Assert.Empty(segment.Director.Run("ip", "route", "show", "table", "all", "type", "blackhole").Trim());
    }
}
