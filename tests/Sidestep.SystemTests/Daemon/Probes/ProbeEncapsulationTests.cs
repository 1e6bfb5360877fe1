using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.SystemTests.Daemon.Probes;

/// <summary>Probes have exactly the encapsulation of traffic: the test captures both at the server and compares them
/// byte by byte.</summary>
public sealed class ProbeEncapsulationTests
{
    private const string Monitors = "[{ name: lenient, type: tcp, interval: 0.2, timeout: 0.2, fall: 100 }]";

    private const string Director6 = "2001:db8:9::2", Client6 = "2001:db8:9::100", Server6 = "2001:db8:9::11";
    private const int Ethernet = 14, Tcp = 6, Port = 80;

    /// <summary>Every encapsulation, to a server of each address family.</summary>
    private static readonly (string Profile, bool Six)[] Encapsulations =
    [
        .. new[] { "dsrType: l2", "encapsulation: ipip", "encapsulation: gue", "encapsulation: gre" }
        .SelectMany(static p => new[] { (p, false), (p, true) }),
        ("encapsulation: ipip, outerSource: [198.18.0.0/15, \"2001:db8:77::/64\"]", false),
    ];

    [Fact]
    public void Probes_carry_the_same_outer_header_as_traffic()
    {
        using var segment = new Segment(servers: 0);
        var server = segment.Server(1);
        server.Ip($"-6 address add {Server6}/64 dev eth0 nodad");
        segment.Director.Ip($"-6 address add {Director6}/64 dev eth0 nodad");
        segment.Client.Ip($"-6 address add {Client6}/64 dev eth0 nodad");
        segment.Client.Ip("-6 route add 2001:db8:113::/64 dev eth0");
        using var wire = RawSocket.Open(server, "eth0");
        segment.WriteText(Configuration(segment, monitored: false));
        var daemon = segment.Launch().Until(DaemonProcess.Ready);
        // From here on the server is checked, and stays healthy although no probe is answered.
        segment.WriteText(Configuration(segment, monitored: true));
        daemon.Until("configuration changed");

        var clients = Vips().Select(vip => Connect(segment.Client, vip)).ToArray();
        var seen = new Dictionary<(string Vip, bool IsProbe), byte[]>();
        var expected = 2 * Vips().Count();
        // Other packets of the director, such as ARP requests, do not have the address of a VIP.
        wire.ReceiveUntil(frame =>
        {
            if (Inner(frame) is { } inner && Addresses(inner.Span) is { } addresses
                && addresses.To.StartsWith(addresses.To.Contains(':', StringComparison.Ordinal) ? "2001:db8:113::"
                : "203.0.113.", StringComparison.Ordinal))
            {
                var isProbe = addresses.From is Segment.DirectorAddress or Director6;
                seen[(addresses.To, isProbe)] = frame;
                if (isProbe)
                    Assert.Equal(0, TransportChecksum(inner.Span));
            }
            return seen.Count == expected;
        });

        foreach (var vip in Vips())
        {
            Assert.Equal(ComparableOuterHeader(seen[(vip, false)]), ComparableOuterHeader(seen[(vip, true)]));
            Assert.Equal(OuterChecksums(seen[(vip, false)]), OuterChecksums(seen[(vip, true)]));
        }
        foreach (var client in clients)
            client.Dispose();
        Assert.Equal(0, daemon.Terminate());
        // onExit: remove removes the routing of probes.
        Assert.DoesNotContain("5150", segment.Director.Ip("rule show") + segment.Director.Ip("-6 rule show"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("PERMANENT", segment.Director.Ip("neigh show") + segment.Director.Ip("-6 neigh show"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("probe", segment.Director.Run("tc", "filter", "show", "dev", "eth0", "egress"),
            StringComparison.Ordinal);
    }

    private static IEnumerable<string> Vips() => Enumerable.Range(0, Encapsulations.Length)
        .SelectMany(static i =>
        new[] { string.Create(CultureInfo.InvariantCulture, $"203.0.113.{20 + i}"),
        string.Create(CultureInfo.InvariantCulture, $"2001:db8:113::{20 + i}") });

    private static string Configuration(Segment segment, bool monitored)
    {
        var text = new StringBuilder($$"""
            node:
              name: {{segment.File.Name}}
              pinPath: {{segment.File.PinPath}}
              onExit: remove
              interfaces: [{ name: eth0 }]
            group:
              hashKey: 6a09e667f3bcc908bb67ae8584caa73b
            healthMonitors: {{(monitored ? Monitors : "[]")}}
            networkProfiles:

            """);
        for (var i = 0; i < Encapsulations.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"  - {{ name: encap{i}, {Encapsulations[i].Profile} }}\n");
        text.Append("pools:\n");
        for (var i = 0; i < Encapsulations.Length; i++)
            text.Append(CultureInfo.InvariantCulture,
                $"  - {{ name: pool{i}, slots: 1021, "
                    + $"{(monitored ? "monitors: [lenient]" : "monitors: [], allowUnverifiedDsrPath: true")}, "
                    + $"servers: [{{ name: server, address: "
                    + $"\"{(Encapsulations[i].Six ? Server6 : Segment.AddressOf(1))}\" }}] }}\n");
        text.Append("virtualServices:\n");
        for (var i = 0; i < Encapsulations.Length; i++)
            text.Append(CultureInfo.InvariantCulture,
                $"  - {{ name: service{i}, vips: [203.0.113.{20 + i}, \"2001:db8:113::{20 + i}\"], protocol: tcp, "
                    + $"port: {Port}, pool: pool{i}, networkProfile: encap{i} }}\n");
        return text.ToString();
    }

    /// <summary>Sends SYNs until it is disposed.</summary>
    private static Socket Connect(NetworkNamespace client, string vip) => client.Inside(() =>
    {
        var address = IPAddress.Parse(vip);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            socket.Connect(new IPEndPoint(address, Port));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // The server is not resolved yet.
        }
        return socket;
    });

    /// <summary>The datagram to a VIP in a frame, with or without an outer header.</summary>
    private static ReadOnlyMemory<byte>? Inner(byte[] frame)
    {
        var at = Ethernet;
        var protocol = Protocol(frame, at);
        if (protocol == Tcp)
            return frame.AsMemory(at);
        if (protocol is not (4 or 41 or 47 or 17))
            return null;
        at += HeaderBytes(frame, at) + protocol switch
        {
            17 => 12,
            47 => 4,
            _ => 0,
        };
        return frame.Length > at + 40 && Protocol(frame, at) == Tcp ? frame.AsMemory(at) : null;
    }

    /// <summary>Everything in front of the inner datagram, without the fields that differ per packet: lengths,
    /// checksums, and the bits that spread flows.</summary>
    private static string ComparableOuterHeader(byte[] frame)
    {
        var inner = Inner(frame)!.Value;
        var outer = frame[..(frame.Length - inner.Length)];
        if (outer.Length == Ethernet)
            return Convert.ToHexString(outer);
        var header = HeaderBytes(outer, Ethernet);
        if (header == 20)
        {
            outer.AsSpan(Ethernet + 2, 2).Clear();
            outer.AsSpan(Ethernet + 10, 2).Clear();
            // The bits of an outer source prefix that differ per flow.
            if (outer[Ethernet + 12] == 198)
                outer.AsSpan(Ethernet + 13, 3).Clear();
        }
        else
        {
            outer.AsSpan(Ethernet + 1, 5).Clear();
        }
        if (Protocol(frame, Ethernet) == 17)
        {
            Assert.InRange(BinaryPrimitives.ReadUInt16BigEndian(outer.AsSpan(Ethernet + header)), 0xc000, 0xffff);
            outer.AsSpan(Ethernet + header, 2).Clear();
            outer.AsSpan(Ethernet + header + 4, 4).Clear();
        }
        return Convert.ToHexString(outer);
    }

    /// <summary>The results of the outer checksums: the same for both, and 0 where a checksum is right.</summary>
    private static (int Header, int Udp) OuterChecksums(byte[] frame)
    {
        if (Protocol(frame, Ethernet) == Tcp)
            return (0, 0);
        var header = HeaderBytes(frame, Ethernet);
        var ip = header == 20 ? Frame.Checksum(frame.AsSpan(Ethernet, 20)) : 0;
        Assert.Equal(0, ip);
        if (header == 20 || Protocol(frame, Ethernet) != 17)
            return (ip, 0);
        var udp = TransportChecksum(frame.AsSpan(Ethernet));
        Assert.Equal(0, udp);
        return (ip, udp);
    }

    /// <summary>The checksum (RFC 1071) over the pseudo-header and everything behind the IP header: 0 when it is
    /// right.</summary>
    private static int TransportChecksum(ReadOnlySpan<byte> datagram)
    {
        var ipv6 = datagram[0] >> 4 == 6;
        var header = ipv6 ? 40 : 20;
        var length = ipv6 ? BinaryPrimitives.ReadUInt16BigEndian(datagram[4..])
            : BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) - 20;
        var bytes = new byte[40 + length + (length & 1)];
        (ipv6 ? datagram.Slice(8, 32) : datagram.Slice(12, 8)).CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(32), (uint)length);
        bytes[39] = datagram[ipv6 ? 6 : 9];
        datagram.Slice(header, length).CopyTo(bytes.AsSpan(40));
        return Frame.Checksum(bytes);
    }

    private static (string From, string To)? Addresses(ReadOnlySpan<byte> datagram) => datagram[0] >> 4 == 6
        ? (new IPAddress(datagram.Slice(8, 16)).ToString(), new IPAddress(datagram.Slice(24, 16)).ToString())
        : (new IPAddress(datagram.Slice(12, 4)).ToString(), new IPAddress(datagram.Slice(16, 4)).ToString());

    private static int Protocol(byte[] frame, int at) => (frame[at] >> 4) switch
    {
        4 => frame[at + 9],
        6 => frame[at + 6],
        _ => -1,
    };

    private static int HeaderBytes(byte[] frame, int at) => frame[at] >> 4 == 6 ? 40 : 20;
}
