using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.SystemTests.Director;

/// <summary>State of another version is replaced under traffic; every difference is said.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class UpgradeTests
{
    [Fact]
    public void PacketsGoOnWhenTheLayoutIsAnother()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        daemon.Kill();
        // What is no use to a program that cannot read it: the layout is the first word of the tables.
        using (var tables = BpfMap.OpenPinned(Path.Combine(segment.PinFolder, "map_bss"))!)
        using (var memory = tables.MapMemory(writable: true))
            MemoryMarshal.Write(memory.View<byte>(0, 4), 4711u);

        var refused = Shell.Try(segment.Cli());
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("4711", refused.Error, StringComparison.Ordinal);

        daemon = segment.Start();
        Assert.Contains("layout: 4711 is 3 in this version", daemon.Said, StringComparison.Ordinal);
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray(), static n => n.GetString()!.Contains("4711", StringComparison.Ordinal));
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void PacketsGoOnWhenPinnedMapsAreMissing()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        daemon.Kill();
        File.Delete(Path.Combine(segment.PinFolder, "map_labels"));

        daemon = segment.Start();
        Assert.Contains("labels missing", daemon.Said, StringComparison.Ordinal);
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
        segment.Status();
    }

    /// <summary>A daemon that replaced the maps may die before the last one is pinned: then half of them are the former.</summary>
    [Fact]
    public void PacketsGoOnWhenPinnedMapsAreAMixture()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        var former = Path.Combine(segment.File.PinPath, "former");
        using (var slots = BpfMap.OpenPinned(Path.Combine(segment.PinFolder, "map_slots"))!)
            slots.Pin(former);
        Assert.Equal(0, daemon.End());
        segment.Start().Kill();
        using (var slots = BpfMap.OpenPinned(former)!)
            slots.Pin(Path.Combine(segment.PinFolder, "map_slots"));
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;

        daemon = segment.Start();
        Assert.DoesNotContain("adopted the running tables", daemon.Said, StringComparison.Ordinal);
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }
}
