using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>A new process takes over the tables of the previous one, complete or in the middle of a change.</summary>
[Collection(SerialEngines.Name)]
public sealed class AdoptionTests
{
    private const uint Vip = 0xcb00_7101;

    private static ForwardingTables Baseline =>
        TestTables.Compile([TestTables.Pool("p", "s1", "s2"), TestTables.Pool("q", "s3")],
        [TestTables.Service("a", "p"), TestTables.Service("b", "q", port: 54, l3: true)]);

    [Fact]
    public void Reopened_engine_adopts_counters_ids_and_tables()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Baseline);
        Send(pinned.Engine, 7);
        var (before, revision, counters) = (pinned.Running(), pinned.Engine.Revision, CountersText(pinned.Engine));

        pinned.Reopen();
        Assert.Contains("adopted the running tables", pinned.Engine.Notes);
        Assert.Equal(revision, pinned.Engine.Revision);
        Assert.Equal(counters, CountersText(pinned.Engine));
        // Packets use the previous tables already.
        Send(pinned.Engine, 1);
        pinned.Engine.Apply(Baseline);
        var after = pinned.Running();
        Assert.Equal(before.Services, after.Services);
        Assert.Equal(before.Servers, after.Servers);
        Assert.Equal(before.Slots, after.Slots);
        Assert.Equal(8ul, pinned.Engine.ReadCounters().Services[ServiceKey.InDefault("a")].Packets);
    }

    /// <summary>A process died after it had written ids and labels, and before the flip.</summary>
    [Fact]
    public void Interrupted_update_leaves_no_trace_after_reopening()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Baseline);
        Send(pinned.Engine, 3);
        var before = pinned.Running();
        using (var maps = pinned.Maps())
        {
            var newcomer = Assert.Single(
                TestTables.Compile([TestTables.Pool("new", "s4")], [TestTables.Service("new", "new")]).Groups);
            var key = ServiceKey.InDefault("new");
            var (service, known) = (Baseline.Services[0] with { Key = key, Group = newcomer.Key },
                Baseline.Groups.Single(static g => g.Key.Pool.Name == "p"));
            maps.ServiceLabels[1000] = Labels.Of(service, null, 1000);
            // A server of a pool that does not exist, one of a pool that exists, and one that also has another id.
            maps.ServerLabels[1000] = Labels.Of(Labels.Of(newcomer.Key), newcomer.Servers[0]);
            maps.ServerLabels[1001] = Labels.Of(Labels.Of(known.Key), newcomer.Servers[0]);
            maps.ServerLabels[1002] = Labels.Of(Labels.Of(known.Key), known.Servers[0]);
            // And parts of the inactive bank.
            var service4095 = new Service { Id = 4095, SlotBase = 99 };
            maps.Bank(maps.Control.Active ^ 1).Services.Fill(
                new Sidestep.Engine.Xdp.Layout.ServiceEntry { Key = 1, Service = service4095 });
            maps.SlotsOf(new SlotRange(500 * 1024, 5000)).Fill(0xffffffff);
        }

        pinned.Reopen();
        pinned.Engine.Apply(Baseline);
        var after = pinned.Running();
        Assert.Equal(before.Services, after.Services);
        Assert.Equal(before.Servers, after.Servers);
        Assert.Equal(3ul, pinned.Engine.ReadCounters().Services[ServiceKey.InDefault("a")].Packets);
        using (var maps = pinned.Maps())
        {
            Assert.Equal(2, Used(maps.ServiceLabels));
            Assert.Equal(3, Used(maps.ServerLabels));
        }

        pinned.Engine.Apply(
            TestTables.Compile([TestTables.Pool("new", "s4"), TestTables.Pool("p", "s1", "s2")],
                [TestTables.Service("new", "new"), TestTables.Service("a", "p", port: 54)]));
        Send(pinned.Engine, 2);
        Assert.Equal(2ul, pinned.Engine.ReadCounters().Services[ServiceKey.InDefault("new")].Packets);
    }

    [Fact]
    public void Partially_pinned_maps_are_replaced()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Baseline);
        pinned.Unpin("map_slots");
        pinned.Reopen();
        Assert.Contains(pinned.Engine.Notes, static n => n.Contains("slots missing", StringComparison.Ordinal));
        Assert.Equal(0, pinned.Engine.Revision);
    }

    private static void Send(XdpEngine engine, int datagrams)
    {
        for (var i = 0; i < datagrams; i++)
            Assert.Equal(
                XdpAction.Transmit, engine.Trace(TestTables.Datagram(Vip, 53), TestTables.InterfaceIndex).Action);
    }

    private static string CountersText(XdpEngine engine)
    {
        var counters = engine.ReadCounters();
        return string.Join(' ', counters.Services.OrderBy(static s => s.Key.Name, StringComparer.Ordinal))
            + string.Join(' ', counters.Servers.Select(static s => $"{s}").Order(StringComparer.Ordinal));
    }

    private static int Used(Span<Label> labels)
    {
        var used = 0;
        foreach (ref readonly var label in labels)
            used += label.Flags != 0 ? 1 : 0;
        return used;
    }
}
