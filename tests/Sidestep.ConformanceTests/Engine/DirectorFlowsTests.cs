using System.Net;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Running;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>What is remembered is listed as it is: by whom, where to, and no longer than it counts.</summary>
[Collection(OneAtATime.Name)]
public sealed class DirectorFlowsTests
{
    private const uint Vip = 0xcb00_7101, FirstClient = 0xc633_6401;
    private const int Clients = 200;

    [Fact]
    public void SettledTablesRememberNothing()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Settled);
        Send(pinned.Engine);
        Assert.Empty(Flows(pinned, out _));
    }

    [Fact]
    public void FlowsOfATransitionAreListedWithTheirClientAndServer()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Settled);
        pinned.Engine.Apply(UnderWay);
        var before = Counters(pinned.Engine);
        Send(pinned.Engine);
        var after = Counters(pinned.Engine);

        // The daemon is gone; what is pinned says it.
        pinned.Engine.Dispose();
        var flows = Flows(pinned, out var facts);
        pinned.Reopen();
        Assert.Equal(["s1", "s2", "s3"], facts.Servers.Select(static s => s.Name).Order());
        Assert.Equal(["a"], facts.Services);
        Assert.Equal(4096, facts.Capacity);
        // About a third of the slots move to the third server, and their flows alone need memory.
        Assert.InRange(flows.Count, Clients / 6, Clients / 2);
        Assert.All(flows, static f =>
        {
            Assert.Equal("a", f.Service);
            Assert.Equal((17, 40000, 53), (f.Flow.Protocol, f.Flow.SourcePort, f.Flow.DestinationPort));
            Assert.Equal(Tables.Address(Vip), f.Flow.Destination);
            Assert.InRange(f.Idle, TimeSpan.Zero, TimeSpan.FromSeconds(30));
            Assert.InRange(f.Age, f.Idle, TimeSpan.FromSeconds(30));
        });
        Assert.Equal(flows.Count, flows.Select(static f => f.Flow.Source).Distinct().Count());
        Assert.All(flows, static f => Assert.InRange(Number(f.Flow.Source), FirstClient, FirstClient + Clients - 1));

        // The counters know nothing of remembered flows: each flow's next packet has to go where the list says.
        Assert.Equal(Clients, (int)(after.Values.Aggregate(0ul, static (sum, n) => sum + n) - before.Values.Aggregate(0ul, static (sum, n) => sum + n)));
        foreach (var flow in flows)
        {
            var former = Counters(pinned.Engine);
            pinned.Engine.Trace(Tables.Datagram(Vip, 53, Number(flow.Flow.Source)), Tables.InterfaceIndex);
            Assert.Equal([flow.Server.Name], Counters(pinned.Engine).Where(c => c.Value != former[c.Key]).Select(static c => c.Key));
        }
    }

    [Fact]
    public void FlowsThatWereIdleForTooLongAreNotListed()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(Settled);
        pinned.Engine.Apply(UnderWay);
        Send(pinned.Engine);
        var all = Flows(pinned, out _);
        var expired = 0;
        using (var maps = pinned.Maps())
        {
            // Ten of them had their last packet an hour ago; UDP's patience is two minutes.
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
    public void NothingIsPinned() => Assert.Null(DirectorFlows.Visit("/sys/fs/bpf/sse-none", "none", static _ => { }));

    private static ForwardingTables Settled => Tables.Compile([Tables.Pool("p", "s1", "s2")], [Tables.Service("a", "p")]);

    private static ForwardingTables UnderWay => Tables.Compile([Tables.Pool("p", "s1", "s2", "s3")], [Tables.Service("a", "p")], Settled);

    private static List<RememberedFlow> Flows(PinnedEngine pinned, out FlowTableFacts facts)
    {
        var flows = new List<RememberedFlow>();
        using var maps = pinned.Maps();
        facts = DirectorFlows.Visit(maps, flows.Add);
        return flows;
    }

    private static void Send(XdpEngine engine)
    {
        for (uint i = 0; i < Clients; i++)
            Assert.Equal(XdpAction.Transmit, engine.Trace(Tables.Datagram(Vip, 53, FirstClient + i), Tables.InterfaceIndex).Action);
    }

    private static Dictionary<string, ulong> Counters(XdpEngine engine) =>
        engine.ReadCounters().Servers.ToDictionary(static s => s.Key.Server, static s => s.Value.Packets);

    private static uint Number(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
}
