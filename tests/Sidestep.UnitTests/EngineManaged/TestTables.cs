using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>Tables of a small director with the VIP 203.0.113.1 and servers 10.1.0.1, 10.1.0.2, ..., and frames for
/// it.</summary>
internal static class TestTables
{
    public const int InterfaceIndex = 1;
    public const uint Vip = 0xcb00_7101, FirstClient = 0xc633_6401;
    public static readonly MacAddress DirectorMac = new(0x02_00_00_00_00_02);
    public static readonly MacAddress ClientMac = new(0x02_00_00_00_00_99);
    public static readonly MacAddress ServerMac = new(0x02_00_00_00_00_10);

    public static IPAddress Address(uint number) => new Ipv4Address(number).ToIPAddress();

    /// <summary>Address of a server by the number at the end of its name: s3 has 10.1.0.3.</summary>
    public static IPAddress AddressOf(string server) =>
        Address(0x0a01_0000 + uint.Parse(server.AsSpan(1), CultureInfo.InvariantCulture));

    public static Pool Pool(string name, params string[] servers) => new()
    {
        Name = name,
        Slots = 1021,
        Servers = [.. servers.Select(static s => new RealServer { Name = s, Address = AddressOf(s) })],
    };

    public static VirtualService Service(string name, string pool, int port = 53) => new()
    {
        Name = name,
        Vips = [new IPNetwork(Address(Vip), 32)],
        Protocol = TransportProtocol.Udp,
        Ports = [PortRange.One(port)],
        Pool = pool,
        NetworkProfile = "l2",
    };

    /// <summary>Compiles tables in which every server has a next hop.</summary>
    public static ForwardingTables Compile(
        IEnumerable<Pool> pools, IEnumerable<VirtualService> services, ForwardingTables? previous = null,
        bool isLocal = false)
    {
        var configuration = new Configuration
        {
            Node = new NodeSettings { Interfaces = [new DirectorInterface("eth0", Driver.Auto)] },
            Group = new GroupSettings { HashKey = new HashKey(1, 2), OnNoService = RejectPolicy.Drop },
            NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
            Pools = [.. pools],
            VirtualServices = [.. services],
        };
        var egress = new EgressInterface(InterfaceIndex, "eth0", DirectorMac, IPAddress.Parse("10.0.0.2"), 1500);
        var hop = new NextHop(egress, ServerMac, IsLocal: isLocal);
        var servers = configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress).Distinct()
            .ToDictionary(static a => a, _ => hop);
        return TableCompiler.Compile(
            configuration, new NextHops([egress], servers, new Dictionary<VrfAddress, string>()), previous);
    }

    /// <summary>A UDP datagram from a client to the VIP, padded to the shortest Ethernet frame.</summary>
    public static byte[] Datagram(int port = 53, uint client = FirstClient, uint vip = Vip)
    {
        var frame = new byte[60];
        new EthernetHeader(DirectorMac, ClientMac, EtherType.Ipv4).Write(frame);
        var ip = frame.AsSpan(EthernetPacket.HeaderLength);
        (ip[0], ip[8], ip[9]) = (0x45, 64, 17);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], 28);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], client);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], vip);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], NaiveChecksum.Of(ip[..20].ToArray()));
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], 40000);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 8);
        return frame;
    }
}
