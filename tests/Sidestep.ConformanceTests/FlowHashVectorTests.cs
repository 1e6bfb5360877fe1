using System.Globalization;
using System.Net;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Engine;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>Packets reach the servers that tests/cases/flow_hash_vectors.py computed from docs/flow-hash.md.</summary>
[Collection(SerialEngines.Name)]
public sealed class FlowHashVectorTests(Engines engines)
{
    private static readonly FlowHashVectors All = FlowHashVectors.Read();

    private static readonly EgressInterface Uplink =
        new(1, "uplink", new MacAddress(0x02005e000002), IPAddress.Parse("192.0.2.2"), 1500);

    public static IEnumerable<TheoryDataRow<int, string>> Rows =>
        from index in Enumerable.Range(0, All.Vectors.Count)
        from size in All.Vectors[index].Servers.Keys
        let v = All.Vectors[index]
        select new TheoryDataRow<int, string>(index, size)
        {
            TestDisplayName =
                $"{v.Fields} {v.Source}:{v.SourcePort} to {v.Destination}:{v.DestinationPort}, protocol {v.Protocol}, "
                + $"key {v.Key}, {size} slots: {v.Servers[size]}",
        };

    [Theory, MemberData(nameof(Rows))]
    public void Packet_reaches_the_server_of_the_test_vector(int index, string size)
    {
        var vector = All.Vectors[index];
        var tables = TableCompiler.Compile(
            ConfigurationOf(vector, int.Parse(size, CultureInfo.InvariantCulture)), AllNextHops());
        var transport = string.Create(CultureInfo.InvariantCulture,
            $"{((IpProtocol)vector.Protocol).Name()}: {{from: {vector.SourcePort}, to: {vector.DestinationPort}}}");
        var frame = CaseTable.Frame(
            $"[{vector.Family}: {{from: '{vector.Source}', to: '{vector.Destination}'}}, {transport}]");

        foreach (var name in new[] { Engines.OneArm, Engines.Managed })
        {
            var engine = engines[name];
            engine.Apply(tables);
            var result = engine.Trace(frame, Uplink.Index);

            Assert.Equal(XdpAction.Transmit, result.Action);
            var reached = All.Members.Single(m => result.Frame.Span.StartsWith(MacOf(m)));
            Assert.Equal(vector.Servers[size], reached.Address);
        }
    }

    private static Configuration ConfigurationOf(FlowHashVectors.Vector vector, int size) => new()
    {
        Node = new NodeSettings { Interfaces = [new DirectorInterface(Uplink.Name, Driver.Auto)] },
        Group = new GroupSettings
        {
            HashKey = HashKey.TryParse(vector.Key, out var key) ? key : throw new FormatException(vector.Key),
        },
        NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
        Pools =
        [
            new Pool
            {
                Name = "pool",
                HashFields = Enum.GetValues<HashFields>().Single(f => CounterName.Of(f) == vector.Fields),
                Slots = size,
                Servers = [.. All.Members.Select(static m => new RealServer
                {
                    Name = m.Address, Address = IPAddress.Parse(m.Address), Weight = m.Weight,
                })],
            },
        ],
        VirtualServices =
        [
            new VirtualService
            {
                Name = "service",
                Vips = [TestTables.Single(IPAddress.Parse(vector.Destination))],
                // Only a service on every protocol has the packets of UDP-Lite and DCCP.
                Protocol = Enum.IsDefined((TransportProtocol)vector.Protocol)
                    ? (TransportProtocol)vector.Protocol : TransportProtocol.Any,
                Ports = Enum.IsDefined((TransportProtocol)vector.Protocol)
                    ? [PortRange.One(vector.DestinationPort)] : [PortRange.Any],
                Pool = "pool",
                NetworkProfile = "l2",
            },
        ],
    };

    private static NextHops AllNextHops() => new([Uplink],
        All.Members.ToDictionary(
            static m => VrfAddress.Parse(m.Address), static m => new NextHop(Uplink, MacAddress.Read(MacOf(m)))),
        new Dictionary<VrfAddress, string>());

    /// <summary>A MAC address that identifies the server: 02:00 and the four bytes of its address.</summary>
    private static byte[] MacOf(FlowHashVectors.Member member) =>
        [2, 0, .. IPAddress.Parse(member.Address).GetAddressBytes()];
}
