using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>IPv6 extension headers (RFC 8200 section 4, RFC 4302); a row can make every length wrong.</summary>
internal static class ExtensionHeaders
{
    /// <summary>PadN over four bytes: the shortest hop-by-hop or destination options header.</summary>
    private const string Padding = "010400000000";

    public static byte[] Options(CaseNode node, NextLayer next, Func<int, byte[]> payloadAt)
    {
        node.Only("nextHeader", "length", "options");
        var options = Convert.FromHexString(node["options"].TextOr(Padding));
        return Header(node, next, payloadAt, options);
    }

    public static byte[] Routing(CaseNode node, NextLayer next, Func<int, byte[]> payloadAt)
    {
        node.Only("nextHeader", "length", "type", "segmentsLeft", "data");
        byte[] rest =
            [(byte)node["type"].NumberOr(2), (byte)node["segmentsLeft"].NumberOr(0),
                .. Convert.FromHexString(node["data"].TextOr("00000000"))];
        return Header(node, next, payloadAt, rest);
    }

    public static byte[] Fragment(CaseNode node, NextLayer next, Func<int, byte[]> payloadAt)
    {
        node.Only("nextHeader", "reserved", "offsetBytes", "more", "id");
        return
        [
            (byte)next.Protocol(node["nextHeader"]),
            (byte)node["reserved"].NumberOr(0),
            .. Bytes.U16(node["offsetBytes"].NumberOr(0) | (node["more"].FlagOr(false) ? 1L : 0)),
            .. Bytes.U32(node["id"].NumberOr(0x12345678)),
            .. payloadAt(8),
        ];
    }

    public static byte[] Authentication(CaseNode node, NextLayer next, Func<int, byte[]> payloadAt)
    {
        node.Only("nextHeader", "length", "value");
        var value = Convert.FromHexString(node["value"].TextOr("0123456789abcdef01234567"));
        return
        [
            (byte)next.Protocol(node["nextHeader"]),
            (byte)node["length"].NumberOr((12 + value.Length) / 4 - 2),
            0, 0, // reserved
            .. Bytes.U32(0x100), // security parameters index
            .. Bytes.U32(1), // sequence number
            .. value,
            .. payloadAt(12 + value.Length),
        ];
    }

    private static byte[] Header(CaseNode node, NextLayer next, Func<int, byte[]> payloadAt, byte[] rest)
    {
        var length = 2 + rest.Length;
        if (length % 8 != 0)
            throw node.Wrong($"extension headers have a multiple of 8 bytes, this one has {length}");
        return [(byte)next.Protocol(node["nextHeader"]), (byte)node["length"].NumberOr(length / 8 - 1), .. rest,
            .. payloadAt(length)];
    }
}
