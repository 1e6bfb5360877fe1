using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary>What a managed daemon that was killed leaves to the next one.</summary>
public sealed class KilledDaemonTests
{
    /// <summary>In the midst of a change: clients of the former server stay there only because the next daemon knows that.</summary>
    [Fact]
    public void Flows_and_windows_are_there_again_after_kill_9()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], Servers = [Segment.Line(1)] };
        var first = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        segment.Apply(segment.File with { Servers = [Segment.Line(1), Segment.Line(2)] });
        traffic.Pass(100);
        first.Kill();
        Assert.Contains("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);

        var second = segment.Start();
        var killed = traffic.Count;
        traffic.Pass(200);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(killed + Segment.Sources.Count)]);
        Assert.Equal(new byte[] { 1 }, NoLoss.ServerOf(exchanges).Values.Distinct());
        Assert.Contains("adopted what an earlier daemon remembered", second.Said, StringComparison.Ordinal);
        var rules = segment.Director.Run("ip", "rule", "show").Split('\n').Where(static l => l.Contains("5151", StringComparison.Ordinal));
        Assert.Single(rules);
        Assert.Equal(0, second.End());
        Assert.DoesNotContain("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
        Assert.Empty(segment.Director.Run("ip", "route", "show", "table", "all", "type", "blackhole").Trim());
    }

    [Fact]
    public void The_other_engine_takes_back_what_it_left_in_the_kernel()
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
