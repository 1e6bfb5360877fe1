using System.Net;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Tracked flows are listed with client and server, and only until their idle timeout.</summary>
[Collection(SerialEngines.Name)]
public sealed class DirectorFlowsTests
{
    private const uint Vip = 0xcb00_7101, FirstClient = 0xc633_6401;
    private const int Clients = 200;

    [Fact]
    public void Stable_tables_track_no_flows()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Stable);
        Send(pinned.Engine);
        Assert.Empty(Flows(pinned, out _));
    }

    [Fact]
    public void Flows_in_transition_are_listed_with_their_client_and_server()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Stable);
        pinned.Engine.Apply(InTransition);
        var before = Counters(pinned.Engine);
        Send(pinned.Engine);
        var after = Counters(pinned.Engine);

        // The daemon is gone; the pinned maps are enough.
        pinned.Engine.Dispose();
        var flows = Flows(pinned, out var status);
        pinned.Reopen();
        Assert.Equal(["s1", "s2", "s3"], status.Servers.Select(static s => s.Name).Order());
        Assert.Equal([ServiceKey.InDefault("a")], status.Services);
        Assert.Equal(4096, status.Capacity);
        // About a third of the slots move to the third server, and only their flows are tracked.
        Assert.InRange(flows.Count, Clients / 6, Clients / 2);
        Assert.All(flows, static f =>
        {
            Assert.Equal(ServiceKey.InDefault("a"), f.Service);
            Assert.Equal((17, 40000, 53), (f.Flow.Protocol, f.Flow.SourcePort, f.Flow.DestinationPort));
            Assert.Equal(TestTables.Address(Vip), f.Flow.Destination);
            Assert.InRange(f.Idle, TimeSpan.Zero, TimeSpan.FromSeconds(30));
            Assert.InRange(f.Age, f.Idle, TimeSpan.FromSeconds(30));
        });
        Assert.Equal(flows.Count, flows.Select(static f => f.Flow.Source).Distinct().Count());
        Assert.All(flows, static f => Assert.InRange(ValueOf(f.Flow.Source), FirstClient, FirstClient + Clients - 1));

        // The counters do not include tracked flows: the next packet of each flow must go to the listed server.
        static ulong Sum(Dictionary<string, ulong> counters) =>
            counters.Values.Aggregate(0ul, static (sum, n) => sum + n);
        Assert.Equal(Clients, (int)(Sum(after) - Sum(before)));
        foreach (var flow in flows)
        {
            var previous = Counters(pinned.Engine);
            pinned.Engine.Trace(TestTables.Datagram(Vip, 53, ValueOf(flow.Flow.Source)), TestTables.InterfaceIndex);
            Assert.Equal([flow.Server.Name],
                Counters(pinned.Engine).Where(c => c.Value != previous[c.Key]).Select(static c => c.Key));
        }
    }

    [Fact]
    public void Flows_idle_beyond_their_timeout_are_not_listed()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Stable);
        pinned.Engine.Apply(InTransition);
        Send(pinned.Engine);
        var all = Flows(pinned, out _);
        var expired = 0;
        using (var maps = pinned.Maps())
        {
            // Ten of them had their last packet an hour ago; the idle timeout of UDP is two minutes.
            foreach (ref var flow in maps.Flows)
            {
                if (flow.Id != 0 && expired < 10)
                {
                    flow.Seen -= Ticks.Of(3600);
                    expired++;
                }
            }
        }
        Assert.Equal(10, expired);
        Assert.Equal(all.Count - 10, Flows(pinned, out _).Count);
    }

    [Fact]
    public void Listing_flows_of_a_missing_director_returns_null() =>
        Assert.Null(DirectorFlows.Open("/sys/fs/bpf/sse-none", "none"));

    private static ForwardingTables Stable =>
        TestTables.Compile([TestTables.Pool("p", "s1", "s2")], [TestTables.Service("a", "p")]);

    private static ForwardingTables InTransition =>
        TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")], [TestTables.Service("a", "p")], Stable);

    private static List<TrackedFlow> Flows(PinnedEngine pinned, out FlowTableStatus status)
    {
        var flows = new List<TrackedFlow>();
        using var table = new DirectorFlows(pinned.Maps());
        table.Visit(flows.Add);
        status = table.Status;
        return flows;
    }

    private static void Send(XdpEngine engine)
    {
        for (uint i = 0; i < Clients; i++)
            Assert.Equal(XdpAction.Transmit,
                engine.Trace(TestTables.Datagram(Vip, 53, FirstClient + i), TestTables.InterfaceIndex).Action);
    }

    private static Dictionary<string, ulong> Counters(XdpEngine engine) =>
        engine.ReadCounters().Servers.ToDictionary(static s => s.Key.Server, static s => s.Value.Packets);

    private static uint ValueOf(IPAddress address) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
}
