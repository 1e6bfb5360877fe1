using System.Globalization;
using System.Net;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>A director in this process with one service, attached to veth cables, and frames that pass through
/// it.</summary>
internal static class InProcessDirector
{
    /// <summary>Creates a director with a server behind each cable, or with two behind the only one.</summary>
    public static ManagedEngine Start(Cables cables, Driver driver, params IReadOnlyList<string> interfaces) =>
        cables.Director.Inside(() =>
    {
        var file = new DirectorConfiguration
        {
            Name = "cabled",
            PinPath = "/sys/fs/bpf/none",
            Services = [new UdpService("echo", Segment.Vip, EchoServer.Port)],
            Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2)],
            Interfaces = [.. interfaces.Select(name => (name, driver.Name()))],
        };
        var configuration = ConfigurationReader.Read(file.ToString(), null).Configuration!;
        EgressInterface[] egresses = [.. interfaces.Select((name, i) => new EgressInterface(
            Kernel.InterfaceIndex(name)!.Value, name, cables.MacOf(name), new IPAddress([10, 9, (byte)i, 2]), 1500))];
        var nextHops = Enumerable.Range(1, 2).ToDictionary(static n => VrfAddress.Parse(Segment.AddressOf(n)),
            n => new NextHop(egresses[(n - 1) % egresses.Length], new MacAddress(0x02_00_00_00_00_90 + (ulong)n)));
        var engine = ManagedEngine.ForInterfaces(
            configuration.Group.FlowTableSize, null, static problem => Assert.Fail(problem), workers: 2);
        engine.Apply(
            TableCompiler.Compile(configuration,
            new Forwarding.NextHops([.. egresses], nextHops, new Dictionary<VrfAddress, string>())));
        Assert.All(engine.Attach(configuration.Node.Interfaces), a => Assert.Equal(driver, a.Driver));
        return engine;
    });

    /// <summary>Sends a frame of every flow into a cable.</summary>
    /// <param name="cables">All cables.</param>
    /// <param name="all">Cables from which frames may emerge.</param>
    /// <param name="cable">The cable into which the frames are sent.</param>
    /// <param name="flows">Number of flows.</param>
    /// <param name="queue">Queue by which the frames arrive.</param>
    /// <param name="queues">Number of queues of the cable.</param>
    /// <returns>For each flow the cable from which its frame emerged, and the server that it is addressed to. Each
    /// frame emerges once and with the same payload.</returns>
    public static SortedDictionary<int, (string Cable, ulong Server)> Exchange(
        Cables cables, string[] all, string cable, int flows, int queue = 0, int queues = 1)
    {
        var sent = Datagrams.To(cables.MacOf(cable), flows);
        cables.Send(cable, queue, queues, sent);
        var received = new SortedDictionary<int, (string, ulong)>();
        Eventually.True(() =>
        {
            foreach (var one in all)
            {
                foreach (var frame in cables.TakeReceived(one))
                {
                    var flow = Datagrams.FlowOf(frame);
                    Assert.Equal(sent[flow].AsSpan(14), frame.AsSpan(14));
                    received.Add(flow, (one, MacAddress.Read(frame).Value));
                }
            }
            return received.Count == flows;
        }, () => string.Create(CultureInfo.InvariantCulture,
            $"{received.Count} of {flows} frames came out that went into {cable}, queue {queue}"));
        return received;
    }
}
