using System.Buffers.Binary;
using System.Net;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Builds frames byte by byte, and reads the fields that tests need.</summary>
internal static class Frame
{
    public const ushort Ip = 0x0800, Arp = 0x0806, Vlan = 0x8100, Ip6 = 0x86dd;
    public const byte IpInIp = 4, Ip6InIp = 41, Tcp = 6, Udp = 17, Gre = 47, Icmp6 = 58;
    public const int IPv6Bytes = 40;
    public const int EthernetBytes = 14;
    public static readonly byte[] NoMac = new byte[6];
    public static readonly byte[] Broadcast = [255, 255, 255, 255, 255, 255];

    public static byte[] Ethernet(byte[] destination, byte[] source, ushort type, byte[] payload) =>
        [.. destination, .. source, (byte)(type >> 8), (byte)type, .. payload];

    public static byte[] Tagged(byte[] destination, byte[] source, ushort vlan, ushort type, byte[] payload) =>
        Ethernet(destination, source, Vlan, [(byte)(vlan >> 8), (byte)vlan, (byte)(type >> 8), (byte)type, .. payload]);

    public static byte[] IPv4(string source, string destination, byte protocol, byte[] payload, byte tos = 0,
        byte[]? options = null,
        ushort fragment = 0)
    {
        options ??= [];
        var header = new byte[20 + options.Length];
        header[0] = (byte)(0x40 | header.Length / 4);
        header[1] = tos;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(header.Length + payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), fragment);
        header[8] = 64;
        header[9] = protocol;
        IPAddress.Parse(source).TryWriteBytes(header.AsSpan(12), out _);
        IPAddress.Parse(destination).TryWriteBytes(header.AsSpan(16), out _);
        options.CopyTo(header, 20);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum(header));
        return [.. header, .. payload];
    }

    public static byte[] IPv6(string source, string destination, byte next, byte[] payload, byte trafficClass = 0)
    {
        var header = new byte[IPv6Bytes];
        header[0] = (byte)(0x60 | trafficClass >> 4);
        header[1] = (byte)(trafficClass << 4 | 0x5); // some of a flow label
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)payload.Length);
        header[6] = next;
        header[7] = 64;
        IPAddress.Parse(source).TryWriteBytes(header.AsSpan(8), out _);
        IPAddress.Parse(destination).TryWriteBytes(header.AsSpan(24), out _);
        return [.. header, .. payload];
    }

    /// <summary>A TCP segment with its checksum, in either address family.</summary>
    public static byte[] Segment(string source, string destination, byte flags, byte[]? options = null)
    {
        options ??= [];
        var header = new byte[20 + options.Length];
        BinaryPrimitives.WriteUInt16BigEndian(header, 80);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), 40000);
        header[12] = (byte)(header.Length / 4 << 4);
        header[13] = flags;
        options.CopyTo(header, 20);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(16), TransportChecksum(source, destination, Tcp, header));
        return header;
    }

    /// <summary>The checksum with the pseudo-header of either address family; 0 for a segment whose checksum is
    /// right.</summary>
    public static ushort TransportChecksum(string source, string destination, byte protocol, byte[] segment)
    {
        var from = IPAddress.Parse(source).GetAddressBytes();
        var to = IPAddress.Parse(destination).GetAddressBytes();
        byte[] all = [.. from, .. to, 0, protocol, (byte)(segment.Length >> 8), (byte)segment.Length, .. segment];
        return Checksum(all.Length % 2 == 0 ? all : [.. all, 0]);
    }

    /// <summary>A neighbour solicitation (135) or advertisement (136). It has the option with the link-layer address
    /// of the sender, without which a multicast solicitation gets no reply.</summary>
    public static byte[] Neighbour(byte type, string source, string destination, string target, byte[]? mac = null)
    {
        byte[] message = [type, 0, 0, 0, 0, 0, 0, 0, .. IPAddress.Parse(target).GetAddressBytes(), .. mac is null ? []
            : new byte[] { 1, 1 }, .. mac ?? []];
        var sum = TransportChecksum(source, destination, Icmp6, message);
        (message[2], message[3]) = ((byte)(sum >> 8), (byte)sum);
        var packet = IPv6(source, destination, Icmp6, message);
        packet[7] = 255;
        return packet;
    }

    /// <summary>A datagram without a UDP checksum, which IPv4 allows.</summary>
    public static byte[] Datagram(ushort sourcePort, ushort destinationPort, byte[] content)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteUInt16BigEndian(header, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(8 + content.Length));
        return [.. header, .. content];
    }

    public static byte[] ArpRequest(byte[] sender, string senderAddress, string target) =>
        Ethernet(Broadcast, sender, Arp,
        [0, 1, 8, 0, 6, 4, 0, 1, .. sender, .. IPAddress.Parse(senderAddress).GetAddressBytes(), .. NoMac,
        .. IPAddress.Parse(target).GetAddressBytes()]);

    public static ushort Type(byte[] frame) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12));

    /// <summary>Operation (1 request, 2 reply), sender and target of an ARP packet.</summary>
    public static (int Operation, string Sender, string Target) ReadArp(byte[] frame) =>
        (frame[21], new IPAddress(frame.AsSpan(28, 4)).ToString(), new IPAddress(frame.AsSpan(38, 4)).ToString());

    public static (byte Protocol, string Source, string Destination) ReadIPv4(byte[] frame) =>
        (frame[23], new IPAddress(frame.AsSpan(26, 4)).ToString(), new IPAddress(frame.AsSpan(30, 4)).ToString());

    public static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i + 1 < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
