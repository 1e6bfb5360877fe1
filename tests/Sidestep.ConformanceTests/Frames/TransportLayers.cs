using Sidestep.ConformanceTests.Cases;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>TCP (RFC 9293), UDP (RFC 768) and ICMP (RFC 792).</summary>
internal static class TransportLayers
{
    private const string ControlBits = "FSRPAUEC"; // from bit 0 upwards

    public static byte[] Tcp(CaseNode node, Surroundings around, byte[] payload)
    {
        node.Only("from", "to", "seq", "ack", "flags", "window", "options", "dataOffset", "checksum", "checksumError");
        var options = Convert.FromHexString(node["options"].TextOr(""));
        byte[] segment =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(80)),
            .. Bytes.U32(node["seq"].NumberOr(1)),
            .. Bytes.U32(node["ack"].NumberOr(0)),
            (byte)(node["dataOffset"].NumberOr(5 + options.Length / 4) << 4),
            (byte)node["flags"].TextOr("S").Sum(static c => 1 << ControlBits.IndexOf(c, StringComparison.Ordinal)),
            .. Bytes.U16(node["window"].NumberOr(64240)),
            0, 0, // checksum
            0, 0, // urgent pointer
            .. options,
            .. payload,
        ];
        return Bytes.Put(segment, 16, Checksum(node, [Pseudo(around, segment.Length), segment]));
    }

    public static byte[] Udp(CaseNode node, Surroundings around, byte[] payload)
    {
        node.Only("from", "to", "length", "checksum", "checksumError");
        byte[] datagram =
        [
            .. Bytes.U16(node["from"].NumberOr(40000)),
            .. Bytes.U16(node["to"].NumberOr(53)),
            .. Bytes.U16(node["length"].NumberOr(8 + payload.Length)),
            0, 0, // checksum
            .. payload,
        ];
        var checksum = Checksum(node, [Pseudo(around, datagram.Length), datagram]);
        return Bytes.Put(datagram, 6, checksum == 0 && !node["checksum"].Exists ? 0xffff : checksum);
    }

    public static byte[] Icmp(CaseNode node, byte[] payload)
    {
        node.Only("type", "code", "id", "sequence", "checksum", "checksumError");
        byte[] message =
        [
            (byte)node["type"].NumberOr(8),
            (byte)node["code"].NumberOr(0),
            0, 0, // checksum
            .. Bytes.U16(node["id"].NumberOr(0x4321)),
            .. Bytes.U16(node["sequence"].NumberOr(1)),
            .. payload,
        ];
        return Bytes.Put(message, 2, Checksum(node, [message]));
    }

    private static long Checksum(CaseNode node, IEnumerable<byte[]> covered) =>
        node["checksum"].NumberOr(NaiveChecksum.Of(covered) + node["checksumError"].NumberOr(0));

    private static byte[] Pseudo(Surroundings around, int length) => around is { Source: { } source, Destination: { } destination }
        ? [.. source, .. destination, 0, (byte)around.Protocol, .. Bytes.U16(length)]
        : [];
}
