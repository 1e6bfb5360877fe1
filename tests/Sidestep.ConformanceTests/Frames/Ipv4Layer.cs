using Sidestep.ConformanceTests.Cases;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>The IPv4 header (RFC 791 section 3.1); a row can make every field wrong.</summary>
internal static class Ipv4Layer
{
    public static byte[] Build(
        CaseNode node, HostNames names, NextLayer next, LayerContext context, Func<LayerContext, byte[]> inside)
    {
        node.Only("from", "to", "tos", "id", "flags", "offsetBytes", "ttl", "protocol", "options",
            "version", "ihl", "totalLength", "checksum", "checksumError");
        var source = context.Address(LinkLayers.Or(node, "from", "client"), names, 12, 4);
        var destination = context.Address(LinkLayers.Or(node, "to", "vip"), names, 16, 4);
        var options = Convert.FromHexString(node["options"].TextOr(""));
        var payload = inside(context.Advance(20 + options.Length) with { Source = source, Destination = destination });
        byte[] header =
        [
            (byte)(node["version"].NumberOr(4) << 4 | node["ihl"].NumberOr(5 + options.Length / 4)),
            (byte)context.Number(node["tos"], 1, 8, 0),
            .. Bytes.U16(node["totalLength"].NumberOr(20 + options.Length + payload.Length)),
            .. Bytes.U16(context.Number(node["id"], 4, 16, 0x1234)),
            .. Bytes.U16(Flags(node["flags"], context) | node["offsetBytes"].NumberOr(0) / 8),
            (byte)context.Number(node["ttl"], 8, 8, 57),
            (byte)next.Protocol(node["protocol"]),
            0, 0, // checksum
            .. source,
            .. destination,
            .. options,
        ];
        Bytes.Put(header, 10, node["checksum"].NumberOr(NaiveChecksum.Of(header) + node["checksumError"].NumberOr(0)));
        return [.. header, .. payload];
    }

    private static long Flags(CaseNode node, LayerContext context) => node.TextOr("") == "any"
        ? context.Number(node, 6, 16, 0) & 0xe000
        : node.TextOr("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(flag => flag switch
        {
            "reserved" => 0x8000,
            "df" => 0x4000,
            "mf" => 0x2000,
            _ => throw node.Wrong($"'{flag}' is no flag"),
        });
}
