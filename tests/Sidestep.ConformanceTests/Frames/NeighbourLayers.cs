using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Neighbour discovery (RFC 4861 sections 4.3 and 4.4): solicitation and advertisement have the same form
/// except for the flags.</summary>
internal static class NeighbourLayers
{
    public static byte[] Build(CaseNode node, HostNames names, LayerContext context, byte type)
    {
        node.Only("target", "flags", "sourceMac", "targetMac", "options", "code", "checksum", "checksumError");
        byte[] message =
        [
            type,
            (byte)node["code"].NumberOr(0),
            0, 0, // checksum
            .. Bytes.U32(
                node["flags"].TextOr("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(
                    f => Flag(node["flags"], f))),
            .. names.Address(LinkLayers.Or(node, "target", "vip6")).GetAddressBytes(),
            .. LinkLayerOption(node["sourceMac"], names, 1),
            .. LinkLayerOption(node["targetMac"], names, 2),
            .. Convert.FromHexString(node["options"].TextOr("")),
        ];
        return Bytes.Put(
            message, 2, TransportLayers.Checksum(node, [TransportLayers.Pseudo(context, 58, message.Length), message]));
    }

    private static long Flag(CaseNode node, string flag) => flag switch
    {
        "router" => 0x80000000,
        "solicited" => 0x40000000,
        "override" => 0x20000000,
        _ => throw node.Wrong($"'{flag}' is no flag"),
    };

    private static byte[] LinkLayerOption(CaseNode node, HostNames names, byte type) =>
        node.Exists ? [type, 1, .. names.Mac(node)] : [];
}
