using Sidestep.ConformanceTests.Cases;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>RFC 791 section 3.1; every field can be made wrong.</summary>
internal static class Ipv4Layer
{
    public static byte[] Build(CaseNode node, Names names, string next, Func<Surroundings, byte[]> inside)
    {
        node.Only("from", "to", "tos", "id", "flags", "offsetBytes", "ttl", "protocol", "options",
            "version", "ihl", "totalLength", "checksum", "checksumError");
        var source = LinkLayers.Address(node, "from", names, "client");
        var destination = LinkLayers.Address(node, "to", names, "vip");
        var protocol = node["protocol"].Exists ? node["protocol"].Number : next switch
        {
            "icmp" => 1,
            "ipv4" or "rest of input" => 4,
            "tcp" => 6,
            "udp" => 17,
            _ => throw node.Wrong("the protocol must be said"),
        };
        var payload = inside(new Surroundings((int)protocol, source, destination));
        var options = Convert.FromHexString(node["options"].TextOr(""));
        byte[] header =
        [
            (byte)(node["version"].NumberOr(4) << 4 | node["ihl"].NumberOr(5 + options.Length / 4)),
            (byte)node["tos"].NumberOr(0),
            .. Bytes.U16(node["totalLength"].NumberOr(20 + options.Length + payload.Length)),
            .. Bytes.U16(node["id"].NumberOr(0x1234)),
            .. Bytes.U16(Flags(node["flags"]) | node["offsetBytes"].NumberOr(0) / 8),
            (byte)node["ttl"].NumberOr(57),
            (byte)protocol,
            0, 0, // checksum
            .. source,
            .. destination,
            .. options,
        ];
        Bytes.Put(header, 10, node["checksum"].NumberOr(NaiveChecksum.Of(header) + node["checksumError"].NumberOr(0)));
        return [.. header, .. payload];
    }

    private static long Flags(CaseNode node) => node.TextOr("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(flag => flag switch
    {
        "reserved" => 0x8000,
        "df" => 0x4000,
        "mf" => 0x2000,
        _ => throw node.Wrong($"'{flag}' is no flag"),
    });
}
