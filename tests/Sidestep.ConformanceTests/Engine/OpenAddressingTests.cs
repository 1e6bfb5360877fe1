using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Testing;
using ServiceEntry = Sidestep.Engine.Xdp.Layout.ServiceEntry;
using ServiceKey = Sidestep.Model.ServiceKey;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>The writer places entries where the program finds them, whatever the addresses and ports.</summary>
[Collection(SerialEngines.Name)]
public sealed class OpenAddressingTests
{
    private const int Full = Constants.ServiceCapacity;

    [Fact]
    public void Program_finds_every_one_of_many_random_services_and_no_other()
    {
        using var engine = XdpEngine.LoadDetached();
        var random = new Random(20261120);
        var services = new HashSet<(uint Vip, int Port)>();
        while (services.Count < Full)
            services.Add(((uint)random.Next(0x0b00_0000, 0x7eff_ffff), random.Next(1, 65536)));
        engine.Apply(
            TestTables.Compile([TestTables.Pool("p", "s1")], services.Select(
                static (s, i) => TestTables.Service($"v{i}", "p", s.Vip, s.Port))));

        foreach (var (vip, port) in services)
        {
            Assert.Equal(
                XdpAction.Transmit, engine.Trace(TestTables.Datagram(vip, port), TestTables.InterfaceIndex).Action);
            // Another port of the VIP, which has no service.
            if (!services.Contains((vip, port ^ 1)) && (port ^ 1) != 0)
                Assert.Equal(
                    XdpAction.Drop, engine.Trace(TestTables.Datagram(vip, port ^ 1), TestTables.InterfaceIndex).Action);
            Assert.Equal(XdpAction.Pass,
                engine.Trace(TestTables.Datagram(vip ^ 0x8000_0000, port), TestTables.InterfaceIndex).Action);
        }
        var counters = engine.ReadCounters();
        Assert.All(
            services.Select(static (_, i) => ServiceKey.InDefault($"v{i}")),
            service => Assert.Equal(1ul, counters.Services[service].Packets));
    }

    /// <summary>Typical numbering: consecutive addresses, steps of a network, the same port everywhere, ranges of
    /// ports.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(256)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    public void Services_with_regular_addresses_and_ports_are_placed_in_the_hash_table(int step)
    {
        var vips = new Vip[Constants.VipEntries];
        var services = new ServiceEntry[Constants.ServiceEntries];
        foreach (var ports in new[] { 1, 16, 256, Full })
        {
            var entries = Enumerable.Range(0, Full)
                .Select(i => (Vip: 0x0a00_0001 + (uint)(i / ports) * (uint)step, Port: (ushort)(1 + i % ports)))
                .ToArray();
            Vip[] addresses =
            [
                .. entries.Select(static e => e.Vip).Distinct()
                    .Select(static v => new Vip { Address = Wire.Word(TestTables.Address(v)), Flags = 1 }),
            ];
            OpenAddressing.Place(addresses, vips);
            ServiceEntry[] keys = [.. entries.Select(static (e, i) => new ServiceEntry
            {
                Key = KeyOf(e.Vip, e.Port),
                Service = new Service { Id = (uint)i },
            })];
            OpenAddressing.Place(keys, services);
            Assert.All(entries, e => Assert.True(Finds(services, KeyOf(e.Vip, e.Port))));
        }
    }

    [Fact]
    public void Random_services_are_placed_in_the_hash_table()
    {
        var services = new ServiceEntry[Constants.ServiceEntries];
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var keys = Enumerable.Range(0, Full)
                .Select(_ => KeyOf((uint)random.NextInt64(1L << 32), (ushort)random.Next(1, 65536))).Distinct()
                .ToArray();
            OpenAddressing.Place([.. keys.Select(static k => new ServiceEntry { Key = k })], services);
            Assert.All(keys, k => Assert.True(Finds(services, k)));
        }
    }

    private static ulong KeyOf(uint vip, ushort port) =>
        (ulong)Wire.Word(TestTables.Address(vip)) << 32 | 17ul << 16
            | System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(port);

    /// <summary>The lookup find_service of src/bpf/classify.h.</summary>
    private static bool Finds(ServiceEntry[] table, ulong key)
    {
        var first = (int)(key * 0x9e3779b97f4a7c15 >> 64 - 15);
        for (var probe = 0; probe < 64; probe++)
        {
            var entry = table[first + probe & 32767];
            if (entry.Key == 0)
                return false;
            if (entry.Key == key)
                return true;
        }
        return false;
    }
}
