using System.Buffers.Binary;
using System.Net;

namespace Sidestep.SystemTests.Agent;

/// <summary>Builds frames byte by byte, and reads the few fields that the tests look at.</summary>
internal static class Frame
{
    public const ushort Ip = 0x0800, Arp = 0x0806, Vlan = 0x8100;
    public const byte IpInIp = 4, Udp = 17;
    public const int EthernetBytes = 14;
    public static readonly byte[] NoMac = new byte[6];
    public static readonly byte[] Broadcast = [255, 255, 255, 255, 255, 255];

    public static byte[] Ethernet(byte[] destination, byte[] source, ushort type, byte[] payload) =>
        [.. destination, .. source, (byte)(type >> 8), (byte)type, .. payload];

    public static byte[] Tagged(byte[] destination, byte[] source, ushort vlan, ushort type, byte[] payload) =>
        Ethernet(destination, source, Vlan, [(byte)(vlan >> 8), (byte)vlan, (byte)(type >> 8), (byte)type, .. payload]);

    public static byte[] IPv4(string source, string destination, byte protocol, byte[] payload, byte tos = 0, byte[]? options = null,
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

    /// <summary>A datagram without a UDP checksum, which IPv4 allows.</summary>
    public static byte[] Datagram(ushort sourcePort, ushort destinationPort, byte[] content)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteUInt16BigEndian(header, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(8 + content.Length));
        return [.. header, .. content];
    }

    public static byte[] ArpRequest(byte[] sender, string senderAddress, string target) => Ethernet(Broadcast, sender, Arp,
        [0, 1, 8, 0, 6, 4, 0, 1, .. sender, .. IPAddress.Parse(senderAddress).GetAddressBytes(), .. NoMac, .. IPAddress.Parse(target).GetAddressBytes()]);

    public static ushort Type(byte[] frame) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12));

    /// <summary>Operation (1 request, 2 reply), sender and target of an ARP packet.</summary>
    public static (int Operation, string Sender, string Target) ReadArp(byte[] frame) =>
        (frame[21], new IPAddress(frame.AsSpan(28, 4)).ToString(), new IPAddress(frame.AsSpan(38, 4)).ToString());

    public static (byte Protocol, string Source, string Destination) ReadIPv4(byte[] frame) =>
        (frame[23], new IPAddress(frame.AsSpan(26, 4)).ToString(), new IPAddress(frame.AsSpan(30, 4)).ToString());

    public static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
