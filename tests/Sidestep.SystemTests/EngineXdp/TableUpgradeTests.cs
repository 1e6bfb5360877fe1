using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.SystemTests.EngineXdp;

/// <summary>Tables of another version are replaced under traffic, and every difference is reported.</summary>
[Collection(SerialTests.Name)]
public sealed class TableUpgradeTests
{
    [Fact]
    public void No_packet_is_lost_when_the_table_layout_differs()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        daemon.Kill();
        // The layout is the first word of the tables in every version; this one no program can read.
        using (var tables = BpfMap.OpenPinned(Path.Combine(segment.PinFolder, "map_bss"))!)
        using (var memory = tables.MapMemory(writable: true))
            MemoryMarshal.Write(memory.View<byte>(0, 4), 4711u);

        var rejected = Shell.Try(segment.StatusCommand());
        Assert.Equal(2, rejected.ExitCode);
        Assert.Contains("4711", rejected.Error, StringComparison.Ordinal);

        daemon = segment.Start();
        Assert.Contains("layout: 4711 is 3 in this version", daemon.CombinedOutput, StringComparison.Ordinal);
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("notes").EnumerateArray(),
            static n => n.GetString()!.Contains("4711", StringComparison.Ordinal));
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void No_packet_is_lost_when_pinned_maps_are_missing()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        daemon.Kill();
        File.Delete(Path.Combine(segment.PinFolder, "map_labels"));

        daemon = segment.Start();
        Assert.Contains("labels missing", daemon.CombinedOutput, StringComparison.Ordinal);
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
        segment.Status();
    }

    /// <summary>A daemon that replaces the maps may die before it has pinned the last one: then some maps are those of
    /// the previous daemon.</summary>
    [Fact]
    public void No_packet_is_lost_when_pinned_maps_come_from_two_daemons()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        var previous = Path.Combine(segment.File.PinPath, "previous");
        using (var slots = BpfMap.OpenPinned(Path.Combine(segment.PinFolder, "map_slots"))!)
            slots.Pin(previous);
        Assert.Equal(0, daemon.Terminate());
        segment.Start().Kill();
        using (var slots = BpfMap.OpenPinned(previous)!)
            slots.Pin(Path.Combine(segment.PinFolder, "map_slots"));
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        daemon = segment.Start();
        Assert.DoesNotContain("adopted the running tables", daemon.CombinedOutput, StringComparison.Ordinal);
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }
}
