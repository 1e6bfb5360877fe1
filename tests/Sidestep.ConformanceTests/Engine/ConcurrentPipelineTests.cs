using System.Buffers.Binary;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Pipelines on several threads share the flow table without a lock, and each counts separately.</summary>
public sealed class ConcurrentPipelineTests
{
    private const int Threads = 3, Flows = 600, Rounds = 150, Headroom = 256;

    [Fact]
    public void Concurrent_pipelines_keep_flows_on_their_servers_and_count_every_packet()
    {
        var engine = new ManagedEngine(flowTableSize: 65_536);
        var given = CaseTable.Given(
            "pools: {web: {algorithm: round-robin, servers: {web2: {address: web2}, web3: {address: web3}}}}");
        engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        var first = new Client(engine);
        var servers = Enumerable.Range(0, Flows).Select(f => first.Server(f)).ToArray();
        var moved = new int[Threads];
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            var client = new Client(engine);
            for (var round = 0; round < Rounds; round++)
            {
                for (var flow = 0; flow < Flows; flow++)
                {
                    if (client.Server(flow) != servers[flow])
                        moved[number]++;
                }
                // And new flows, which take entries beside them.
                for (var flow = 0; flow < 20; flow++)
                    client.Server(10_000 + (number * Rounds + round) * 20 + flow);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(new int[Threads], moved);
        Assert.Equal((ulong)(Flows + Threads * Rounds * (Flows + 20)), engine.ReadCounters()
            .Services[ServiceKey.InDefault("web")].Packets);
        // Of two threads that take the same entry at once, one leaves its flow untracked.
        Assert.InRange(engine.ReadFlows().ByServer.Values.Sum(), Flows + Threads * Rounds * 20 - 100,
            Flows + Threads * Rounds * 20);
    }

    /// <summary>Sends segments of numbered flows.</summary>
    private sealed class Client(ManagedEngine engine)
    {
        private readonly byte[] _original = CaseTable.Frame("[ipv4: {}, tcp: {flags: A}]");
        private readonly byte[] _buffer = new byte[1024];
        private readonly PacketPipeline _pipeline = engine.NewPipeline();

        public ulong Server(int flow)
        {
            _original.CopyTo(_buffer, Headroom);
            BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(Headroom + 26), 0x0a000000 + flow);
            var frame = new Frame(_buffer, Headroom, _original.Length);
            Assert.Equal(Decision.Forward, _pipeline.Process(engine.Tables!, ref frame, 1));
            return BinaryPrimitives.ReadUInt64BigEndian(frame.Bytes);
        }
    }
}
