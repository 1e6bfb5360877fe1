using System.Buffers.Binary;
using Sidestep.Packets;
using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>Every view accepts any bytes: after TryParse has returned true, nothing throws. Packets are changed,
/// truncated and padded, because TryParse rejects most random bytes.</summary>
public sealed class ParserFuzzTests
{
    private const int Rounds = 200_000;

    [Fact]
    public void No_view_throws_whatever_the_bytes()
    {
        var random = new Random(11);
        var originals = Originals();
        var accepted = new Dictionary<string, int>();
        for (var i = 0; i < Rounds; i++)
        {
            var frame = Changed(random, originals[random.Next(originals.Length)]);
            Assert.NotEmpty(FrameText.Of(frame));
            foreach (var at in new[] { 0, 14, 18, 34, 38, 54, Math.Min(random.Next(60), frame.Length) })
                LookAt(frame.AsSpan(Math.Min(at, frame.Length)), accepted);
        }
        // Each view was created often enough to be tested.
        Assert.Equal(["arp", "ethernet", "icmp", "ipv4", "ipv6", "tcp", "udp"],
            accepted.Where(static a => a.Value > 1000).Select(static a => a.Key).Order());
    }

    private static void LookAt(ReadOnlySpan<byte> bytes, Dictionary<string, int> accepted)
    {
        void CountAccepted(string what) => accepted[what] = accepted.GetValueOrDefault(what) + 1;
        Ipv4Address one = new(0x01020304), other = new(0x05060708);
        if (EthernetPacket.TryParse(bytes, out var ethernet))
        {
            CountAccepted("ethernet");
            _ = (ethernet.Destination, ethernet.Source, ethernet.Type, ethernet.Payload.Length);
        }
        if (ArpPacket.TryParse(bytes, out var arp))
        {
            CountAccepted("arp");
            _ = (arp.Operation, arp.SenderMac, arp.SenderAddress, arp.TargetMac, arp.TargetAddress);
        }
        if (Ipv4Packet.TryParse(bytes, out var ip))
        {
            CountAccepted("ipv4");
            _ = (ip.HeaderLength, ip.TrafficClass, ip.TotalLength, ip.Identification, ip.DontFragment, ip.MoreFragments,
                ip.FragmentOffsetBytes);
            _ = (ip.IsFragment, ip.TimeToLive, ip.Protocol, ip.Checksum, ip.HasValidChecksum, ip.Source,
                ip.Destination);
            Assert.Equal(ip.TotalLength, ip.HeaderLength + ip.Payload.Length);
            Assert.Equal(ip.HeaderLength, Ipv4Packet.MinimumHeaderLength + ip.Options.Length);
        }
        if (Ipv6Packet.TryParse(bytes, out var ip6))
        {
            CountAccepted("ipv6");
            _ = (ip6.TrafficClass, ip6.FlowLabel, ip6.NextHeader, ip6.HopLimit, ip6.Source, ip6.Destination);
            Assert.Equal(ip6.PayloadLength, ip6.Payload.Length);
        }
        if (TcpPacket.TryParse(bytes, out var tcp))
        {
            CountAccepted("tcp");
            _ = (tcp.SourcePort, tcp.DestinationPort, tcp.Sequence, tcp.Acknowledgement, tcp.ControlBits, tcp.Window,
                tcp.Checksum, tcp.UrgentPointer);
            _ = tcp.HasValidChecksum(one, other);
            Assert.Equal(bytes.Length, TcpPacket.MinimumHeaderLength + tcp.Options.Length + tcp.Payload.Length);
        }
        if (UdpPacket.TryParse(bytes, out var udp))
        {
            CountAccepted("udp");
            _ = (udp.SourcePort, udp.DestinationPort, udp.Checksum, udp.HasValidChecksum(one, other),
                udp.Payload.Length);
        }
        if (IcmpPacket.TryParse(bytes, out var icmp))
        {
            CountAccepted("icmp");
            _ = (icmp.Type, icmp.Code, icmp.Checksum, icmp.HasValidChecksum, icmp.Identifier, icmp.Sequence,
                icmp.Payload.Length);
        }
    }

    private static byte[] Changed(Random random, byte[] original)
    {
        var frame = original.AsSpan().ToArray();
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            var at = random.Next(frame.Length);
            if (random.Next(3) == 0)
                frame[at] = (byte)random.Next(256);
            else
                frame[at] = new byte[] { 0, 1, 4, 5, 6, 8, 15, 17, 40, 41, 43, 44, 47, 58, 60, 0x40, 0x45, 0x46, 0x4f,
                    0x60, 0x81, 0x88, 0xff }[random.Next(23)];
        }
        return random.Next(4) switch
        {
            0 => frame[..random.Next(frame.Length + 1)],
            1 => [.. frame, .. new byte[random.Next(40)]],
            _ => frame,
        };
    }

    /// <summary>Tagged, encapsulated and plain packets, written by hand.</summary>
    private static byte[][] Originals()
    {
        byte[] ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        byte[] tcp =
            [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4, 1, 2, 3, 4];
        byte[] udp = [0x9c, 0x40, 0x17, 0xc0, 0, 12, 0, 0, 1, 2, 3, 4];
        byte[] icmp = [8, 0, 0, 0, 0x12, 0x34, 0, 1, 9, 9, 9, 9];
        byte[] arp = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
        byte[] four(byte protocol, byte[] payload) =>
            [0x45, 0, 0, (byte)(20 + payload.Length), 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
            .. payload];
        byte[] six(byte next, byte[] payload) =>
            [0x60, 0, 0, 0, 0, (byte)payload.Length, next, 64, .. new byte[32], .. payload];
        byte[] of(ushort type, byte[] payload)
        {
            var bytes = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(bytes, type);
            return [.. ethernet, .. bytes, .. payload];
        }
        return
        [
            of(0x0800, four(6, tcp)), of(0x0800, four(17, udp)), of(0x0800, four(1, icmp)), of(0x0806, arp),
                of(0x0800, four(4, four(6, tcp))),
            of(0x0800, four(47, [0, 0, 8, 0, .. four(6, tcp)])),
            of(0x0800, four(17, [.. udp[..8], 0, 4, 0, 0, .. four(6, tcp)])),
            of(0x86dd, six(6, tcp)),
            of(0x86dd, six(0, [60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 7, .. udp])),
            of(0x86dd, six(41, six(58, icmp))),
            of(0x8100, [0, 7, 8, 0, .. four(6, tcp)]), of(0x88a8, [0, 7, 0x81, 0, 0, 8, 0x86, 0xdd, .. six(17, udp)]),
        ];
    }
}
