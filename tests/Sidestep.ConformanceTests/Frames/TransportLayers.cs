using System.Buffers.Binary;
using System.Numerics;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), UDP-Lite (RFC 3828) and DCCP (RFC 4340).</summary>
internal static class TransportLayers
{
    private const string ControlBits = "FSRPAUEC"; // from bit 0 upwards

    public static byte[] Tcp(CaseNode node, LayerContext context, Func<int, byte[]> payloadAt)
    {
        node.Only(
            "from", "to", "seq", "ack", "flags", "windowSize", "options", "dataOffset", "checksum", "checksumError");
        var options = Convert.FromHexString(node["options"].TextOr(""));
        byte[] segment =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(80)),
            .. Bytes.U32(node["seq"].NumberOr(1)),
            .. Bytes.U32(context.Number(node["ack"], 8, 32, 0)),
            (byte)(node["dataOffset"].NumberOr(5 + options.Length / 4) << 4),
            (byte)node["flags"].TextOr("S").Sum(static c => 1 << ControlBits.IndexOf(c, StringComparison.Ordinal)),
            .. Bytes.U16(context.Number(node["windowSize"], 14, 16, 64240)),
            0, 0, // checksum
            0, 0, // urgent pointer
            .. options,
            .. payloadAt(20 + options.Length),
        ];
        return Bytes.Put(segment, 16, Checksum(node, [Pseudo(context, 6, segment.Length), segment]));
    }

    public static byte[] Udp(CaseNode node, LayerContext context, byte[] payload)
    {
        node.Only("from", "to", "length", "checksum", "checksumError");
        byte[] datagram =
        [
            .. Bytes.U16(context.Number(node["from"], 0, 16, 40000)),
            .. Bytes.U16(node["to"].NumberOr(53)),
            .. Bytes.U16(node["length"].NumberOr(8 + payload.Length)),
            0, 0, // checksum
            .. payload,
        ];
        var checksum = Checksum(node, [Pseudo(context, 17, datagram.Length), datagram]);
        return Bytes.Put(datagram, 6, checksum == 0 && !node["checksum"].Exists ? 0xffff : checksum);
    }

    /// <summary>The common header, RFC 9260 section 3.1; the chunks are the payload. The checksum is CRC32c, its least
    /// significant byte first (appendix A).</summary>
    public static byte[] Sctp(CaseNode node, byte[] chunks)
    {
        node.Only("from", "to", "tag");
        byte[] packet =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(3868)),
            .. Bytes.U32(node["tag"].NumberOr(0)),
            0, 0, 0, 0, // checksum
            .. chunks,
        ];
        var crc = ~packet.Aggregate(uint.MaxValue, BitOperations.Crc32C);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), crc);
        return packet;
    }

    /// <summary>The checksum covers the whole packet: coverage 0, RFC 3828 section 3.1.</summary>
    public static byte[] UdpLite(CaseNode node, LayerContext context, byte[] payload)
    {
        node.Only("from", "to");
        byte[] packet =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(53)),
            0, 0, // coverage
            0, 0, // checksum
            .. payload,
        ];
        return Bytes.Put(packet, 6, NaiveChecksum.Of([Pseudo(context, 136, packet.Length), packet]));
    }

    /// <summary>A DCCP-Data packet with a long sequence number, RFC 4340 section 5.1.</summary>
    public static byte[] Dccp(CaseNode node, LayerContext context, byte[] payload)
    {
        node.Only("from", "to");
        byte[] packet =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(5001)),
            4, 0, // length of the header in words; the checksum covers everything
            0, 0, // checksum
            2 << 1 | 1, 0, 0, 0, 0, 0, 0, 1,
            .. payload,
        ];
        return Bytes.Put(packet, 6, NaiveChecksum.Of([Pseudo(context, 33, packet.Length), packet]));
    }

    /// <summary>The checksum of the row, or the correct one plus the error of the row.</summary>
    public static long Checksum(CaseNode node, IEnumerable<byte[]> covered) =>
        node["checksum"].NumberOr(NaiveChecksum.Of(covered) + node["checksumError"].NumberOr(0));

    /// <summary>RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6.</summary>
    public static byte[] Pseudo(LayerContext context, byte protocol, int length) => context switch
    {
        { Source: { Length: 4 } source, Destination: { } destination } =>
            [.. source, .. destination, 0, protocol, .. Bytes.U16(length)],
        { Source: { } source, Destination: { } destination } =>
            [.. source, .. destination, .. Bytes.U32(length), 0, 0, 0, protocol],
        _ => [],
    };
}
