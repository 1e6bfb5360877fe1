using System.Net;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>Workers on a real interface forward every frame without allocating memory.</summary>
public sealed class WorkerAllocationTests
{
    private const int WarmUp = 60_000, Rounds = 3, Measured = 80_000, PerCall = 32;

    /// <summary>A veth cable whose end has an XDP program holds 256 frames (VETH_RING_SIZE of the kernel) and drops
    /// further ones.</summary>
    private const int InFlight = 192;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Driver.AfPacket)]
    [InlineData(Driver.AfXdp)]
    public void Forwarding_over_a_cable_allocates_nothing(Driver driver)
    {
        using var segment = new Segment(servers: 0);
        segment.File = segment.File with { Servers = [Segment.ServerEntry(1)], Interfaces = [("eth0", driver.Name())] };
        Assert.True(MacAddress.TryParse(Lan.MacOf(segment.Director, "eth0"), out var mac));
        using var engine = segment.Director.Inside(() => Start(segment, driver, mac));
        using var sender = segment.Client.Inside(static () => TransmitRing.Open(Kernel.InterfaceIndex("eth0")!.Value));
        var frame = Datagrams.To(mac, 1)[0];

        Send(engine, sender, frame, WarmUp);
        var allocated = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = engine.Totals().AllocatedBytes;
            Send(engine, sender, frame, Measured);
            allocated.Add(engine.Totals().AllocatedBytes - before);
        }
        var after = engine.Totals();
        var counted = engine.ReadCounters().Services[ServiceKey.InDefault("echo")].Packets;

        // The run time allocates only once, when it compiles; frames would allocate every time.
        Assert.Equal(0, allocated.Min());
        Assert.Equal(WarmUp + Rounds * Measured, (long)counted);
        Assert.Equal(WarmUp + Rounds * Measured, after.Sent);
        Assert.Equal(0, after.RxDropped + after.TxDropped);
    }

    private static ManagedEngine Start(Segment segment, Driver driver, MacAddress mac)
    {
        var configuration = ConfigurationReader.Read(segment.File.ToString(), null).Configuration!;
        var egress = new EgressInterface(
            Kernel.InterfaceIndex("eth0")!.Value, "eth0", mac, IPAddress.Parse(Segment.DirectorAddress), 1500);
        // No host has this address, and none answers: the test measures only the director.
        var nextHop = new NextHop(egress, new MacAddress(0x02_00_00_00_00_99));
        var engine = ManagedEngine.ForInterfaces(
            configuration.Group.FlowTableSize, null, static problem => Assert.Fail(problem), workers: 1);
        engine.Apply(TableCompiler.Compile(configuration, new Forwarding.NextHops([egress],
            new Dictionary<VrfAddress, NextHop> { [VrfAddress.Parse(Segment.AddressOf(1))] = nextHop },
            new Dictionary<VrfAddress, string>())));
        Assert.Equal(driver, engine.Attach([new DirectorInterface("eth0", driver)])[0].Driver);
        return engine;
    }

    /// <summary>Sends no faster than frames are processed: the test is not about overload. Frames of ARP and Neighbour
    /// Discovery are processed, too, and not sent.</summary>
    private static void Send(ManagedEngine engine, TransmitRing sender, byte[] frame, int count)
    {
        var sentBefore = engine.Totals().Sent;
        for (var sent = 0; sent < count;)
        {
            for (var i = 0; i < PerCall && sent < count; i++, sent++)
                sender.Add(frame);
            sender.Flush();
            var target = sentBefore + sent - InFlight;
            Assert.True(SpinWait.SpinUntil(() => engine.Totals().Sent >= target, Timeout),
                $"{engine.Totals()} after {sent} frames");
        }
        Assert.True(SpinWait.SpinUntil(() => engine.Totals().Sent >= sentBefore + count, Timeout),
            $"{engine.Totals()} after {count} frames");
        Assert.Equal(0, sender.Lost);
    }
}
