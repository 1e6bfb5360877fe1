using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Engine;
using Sidestep.ConformanceTests.Frames;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>Full tables, in which lookups meet entries of other keys; with a few services every key has an entry
/// without collision.</summary>
[Collection(SerialEngines.Name)]
public sealed class FullTableTests(Engines engines)
{
    [Fact]
    public void Each_service_of_a_full_table_is_found_and_counted_as_itself()
    {
        var engine = engines[Engines.OneArm];
        var services = Services(VipsOf(Limits.VirtualServices / 2, seed: 1), portsPerVip: 2);
        Assert.Equal(Limits.VirtualServices, services.Count);
        Apply(engine, services);
        var before = NamedCounters.Of(engine.ReadCounters());

        var segment = CaseTable.Frame("[ipv4: {}, tcp: {}]");
        foreach (var service in services)
            Assert.Equal(XdpAction.Transmit,
                engine.Trace(FrameVariants.TcpTo(segment, service.Vips[0].BaseAddress, service.Ports[0].First),
                    1).Action);

        var counted = NamedCounters.Of(engine.ReadCounters()).Since(before);
        Assert.All(services, s => Assert.Equal(1UL, counted.PacketsOf($"service {s.Name}")));
        Assert.Equal((ulong)services.Count, counted.Packets("server web/l2/web1"));
    }

    [Fact]
    public void Each_VIP_of_a_full_table_replies_and_its_neighbouring_addresses_do_not()
    {
        var engine = engines[Engines.OneArm];
        var vips = VipsOf(Limits.VirtualServices, seed: 2);
        Apply(engine, Services(vips, portsPerVip: 1));

        var echo = CaseTable.Frame("[ipv4: {}, icmp: {}]");
        foreach (var vip in vips)
        {
            Assert.Equal(XdpAction.Transmit, engine.Trace(FrameVariants.IcmpTo(echo, vip.ToIPAddress()), 1).Action);
            var neighbour = new Ipv4Address(vip.Value ^ 1);
            if (!vips.Contains(neighbour))
                Assert.Equal(
                    XdpAction.Pass, engine.Trace(FrameVariants.IcmpTo(echo, neighbour.ToIPAddress()), 1).Action);
        }
    }

    /// <summary>Random unicast addresses.</summary>
    private static HashSet<Ipv4Address> VipsOf(int count, int seed)
    {
        var random = new Random(seed);
        var vips = new HashSet<Ipv4Address>();
        while (vips.Count < count)
            vips.Add(new Ipv4Address((uint)random.NextInt64(0x01000000, 0xdfffffff)));
        return vips;
    }

    private static List<VirtualService> Services(IEnumerable<Ipv4Address> vips, int portsPerVip) =>
    [
        .. vips.SelectMany((vip, i) => Enumerable.Range(0, portsPerVip).Select(port => new VirtualService
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"s{i}-p{port}"),
            Vips = [TestTables.Single(vip.ToIPAddress())],
            Protocol = TransportProtocol.Tcp,
            Ports = [PortRange.One(80 + port * 363)],
            Pool = "web",
            NetworkProfile = "l2",
        })),
    ];

    /// <summary>Applies them to an engine without services, because during a change both the old and the new services
    /// must fit.</summary>
    private static void Apply(IEngine engine, List<VirtualService> services)
    {
        var given = CaseTable.Given();
        engine.Apply(TableCompiler.Compile(given.Configuration with { VirtualServices = [] }, given.NextHops));
        engine.Apply(
            TableCompiler.Compile(given.Configuration with { VirtualServices = [.. services] }, given.NextHops));
    }
}
