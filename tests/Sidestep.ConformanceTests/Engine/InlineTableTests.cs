using System.Buffers.Binary;
using System.Net;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>The first slots and servers are inline, where packets read them without a lookup; all others are in maps.
/// Packets see no difference.</summary>
[Collection(SerialEngines.Name)]
public sealed class InlineTableTests(Engines engines)
{
    private const int Servers = Constants.InlineServers + 2000;
    private const uint Vip = 0xcb00_7101;

    [Fact]
    public void Packets_reach_their_server_whether_its_slots_and_entry_are_inline_or_not()
    {
        var engine = engines[Engines.OneArm];
        // The second pool has more slots than fit inline; the third finds free inline blocks again.
        var tables = TestTables.Compile(
            [Pool("inline", 16381, 1, 100), Pool("mapped", 262139, 101, Servers),
                Pool("last", 1021, Servers + 101, 10)],
            [TestTables.Service("inline", "inline", Vip, 1, l3: true),
                TestTables.Service("mapped", "mapped", Vip, 2, l3: true),
                    TestTables.Service("last", "last", Vip, 3, l3: true)]);
        engine.Apply(tables);

        var reached = new HashSet<IPAddress>();
        for (var i = 0; i < 3000; i++)
        {
            var service = tables.Services[i % 3];
            var source = 0x0b00_0000 + (uint)i * 7919;
            var result = engine.Trace(
                TestTables.Datagram(Vip, service.Ports[0].First, source), TestTables.InterfaceIndex);

            var slots = tables.Groups.Single(g => g.Key == service.Group).Slots;
            var expected =
                slots.Members[slots.Slots[FlowHash.Slot(FlowHash.OfSource(tables.HashKey, source), slots.Slots.Length)]]
                    .Address;
            Assert.Equal(XdpAction.Transmit, result.Action);
            Assert.Equal(expected, TestTables.Address(BinaryPrimitives.ReadUInt32BigEndian(result.Frame.Span[30..])));
            reached.Add(expected);
        }
        Assert.True(reached.Count > 1000, "the frames reach too few servers for a proof");
    }

    private static Model.Pool Pool(string name, int slots, int first, int count) =>
        TestTables.Pool(name, slots, [.. Enumerable.Range(first, count).Select(static n => ($"s{n}", 1))]);
}
