using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Builds tables, and frames for them.</summary>
internal static class TestTables
{
    // The loopback device: the only interface that every machine has, and the only ingress interface of test runs
    // before kernel 5.15.
    public const int InterfaceIndex = 1;
    public static readonly MacAddress DirectorMac = new(0x02_00_00_00_00_02);
    public static readonly MacAddress ClientMac = new(0x02_00_00_00_00_99);
    private static readonly IPAddress Director = IPAddress.Parse("10.0.0.2");

    public static EgressInterface Egress(MacAddress? mac = null) =>
        new(InterfaceIndex, "eth0", mac ?? DirectorMac, Director, 1500);

    public static IPAddress Address(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    /// <summary>An address as a prefix of full length.</summary>
    public static IPNetwork Single(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    public static Pool Pool(string name, int slots, params (string Name, int Weight)[] servers) => new()
    {
        Name = name,
        Slots = slots,
        Monitors = [],
        Servers =
            [.. servers.Select(static s => new RealServer { Name = s.Name, Weight = s.Weight,
                Address = AddressOf(s.Name) })],
    };

    public static Pool Pool(string name, params string[] servers) =>
        Pool(name, 1021, [.. servers.Select(static s => (s, 1))]);

    /// <summary>10.x.y.z by the number at the end of the name.</summary>
    public static IPAddress AddressOf(string server) =>
        Address(0x0a01_0000 + uint.Parse(server.AsSpan(server.LastIndexOf('s') + 1), CultureInfo.InvariantCulture));

    public static VirtualService Service(
        string name, string pool, uint vip = 0xcb00_7101, int port = 53, bool l3 = false) => new()
        {
            Name = name,
            Vips = [Single(Address(vip))],
            Protocol = TransportProtocol.Udp,
            Ports = [PortRange.One(port)],
            Pool = pool,
            NetworkProfile = l3 ? null : "l2",
        };

    /// <summary>Compiles tables in which every server has a next hop with the given Ethernet address.</summary>
    public static ForwardingTables Compile(
        IEnumerable<Pool> pools, IEnumerable<VirtualService> services, ForwardingTables? previous = null,
        MacAddress? serverMac = null, MacAddress? directorMac = null)
    {
        var configuration = new Configuration
        {
            Node = new NodeSettings { Interfaces = [new DirectorInterface("eth0", Driver.Auto)] },
            Group = new GroupSettings { HashKey = new HashKey(1, 2), OnNoService = RejectPolicy.Drop },
            NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
            Pools = [.. pools],
            VirtualServices = [.. services],
        };
        var egress = Egress(directorMac);
        var hop = new NextHop(egress, serverMac ?? new MacAddress(0x02_00_00_00_00_10));
        var servers = configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress).Distinct()
            .ToDictionary(static a => a, _ => hop);
        return TableCompiler.Compile(
            configuration, new NextHops([egress], servers, new Dictionary<VrfAddress, string>()), previous);
    }

    /// <summary>A UDP datagram to a VIP, padded to the shortest frame.</summary>
    public static byte[] Datagram(uint vip, int port, uint source = 0xc633_6401)
    {
        var frame = new byte[60];
        new EthernetHeader(DirectorMac, ClientMac, EtherType.Ipv4).Write(frame);
        var ip = frame.AsSpan(EthernetPacket.HeaderLength);
        (ip[0], ip[8], ip[9]) = (0x45, 64, 17);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], 28);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], source);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], vip);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], NaiveChecksum.Of(ip[..20].ToArray()));
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], 40000);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 8);
        return frame;
    }

    public static byte[] ArpRequest(uint vip)
    {
        var frame = new byte[60];
        new EthernetHeader(new MacAddress(0xffff_ffff_ffff), ClientMac, EtherType.Arp).Write(frame);
        ArpHeader.Request(ClientMac, new Ipv4Address(0xcb00_7163), new Ipv4Address(vip))
            .Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }
}
