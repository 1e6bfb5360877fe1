using Sidestep.ConformanceTests.Cases;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>RFC 791 section 3.1; every field can be made wrong.</summary>
internal static class Ipv4Layer
{
    public static byte[] Build(CaseNode node, Names names, Next next, Surroundings around, Func<Surroundings, byte[]> inside)
    {
        node.Only("from", "to", "tos", "id", "flags", "offsetBytes", "ttl", "protocol", "options",
            "version", "ihl", "totalLength", "checksum", "checksumError");
        var source = around.Address(LinkLayers.Or(node, "from", "client"), names, 12, 4);
        var destination = around.Address(LinkLayers.Or(node, "to", "vip"), names, 16, 4);
        var options = Convert.FromHexString(node["options"].TextOr(""));
        var payload = inside(around.Behind(20 + options.Length) with { Source = source, Destination = destination });
        byte[] header =
        [
            (byte)(node["version"].NumberOr(4) << 4 | node["ihl"].NumberOr(5 + options.Length / 4)),
            (byte)around.Number(node["tos"], 1, 8, 0),
            .. Bytes.U16(node["totalLength"].NumberOr(20 + options.Length + payload.Length)),
            .. Bytes.U16(around.Number(node["id"], 4, 16, 0x1234)),
            .. Bytes.U16(Flags(node["flags"], around) | node["offsetBytes"].NumberOr(0) / 8),
            (byte)around.Number(node["ttl"], 8, 8, 57),
            (byte)next.Protocol(node["protocol"]),
            0, 0, // checksum
            .. source,
            .. destination,
            .. options,
        ];
        Bytes.Put(header, 10, node["checksum"].NumberOr(NaiveChecksum.Of(header) + node["checksumError"].NumberOr(0)));
        return [.. header, .. payload];
    }

    private static long Flags(CaseNode node, Surroundings around) => node.TextOr("") == "any"
        ? around.Number(node, 6, 16, 0) & 0xe000
        : node.TextOr("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(flag => flag switch
        {
            "reserved" => 0x8000,
            "df" => 0x4000,
            "mf" => 0x2000,
            _ => throw node.Wrong($"'{flag}' is no flag"),
        });
}
