using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>ICMP (RFC 792) and ICMPv6 (RFC 4443). The layers after an error are the packet that it quotes.</summary>
internal static class IcmpLayers
{
    public static byte[] Icmp(CaseNode node, byte[] payload)
    {
        node.Only("type", "code", "id", "sequence", "mtu", "checksum", "checksumError");
        var type = node["type"].NumberOr(8);
        // Errors have an unused word; the lower 16 bits of "fragmentation needed" are the MTU (RFC 1191 section 4).
        byte[] word = node["mtu"].Exists
            ? [0, 0, .. Bytes.U16(node["mtu"].Number)]
            : Word(node, isError: type is 3 or 4 or 5 or 11 or 12);
        byte[] message = [(byte)type, (byte)node["code"].NumberOr(0), 0, 0, .. word, .. payload];
        return Bytes.Put(message, 2, TransportLayers.Checksum(node, [message]));
    }

    public static byte[] Icmpv6(CaseNode node, LayerContext context, byte[] payload)
    {
        node.Only("type", "code", "id", "sequence", "mtu", "checksum", "checksumError");
        var type = node["type"].NumberOr(128);
        var word = node["mtu"].Exists ? Bytes.U32(node["mtu"].Number) : Word(node, isError: type < 128);
        byte[] message = [(byte)type, (byte)node["code"].NumberOr(0), 0, 0, .. word, .. payload];
        return Bytes.Put(
            message, 2, TransportLayers.Checksum(node, [TransportLayers.Pseudo(context, 58, message.Length), message]));
    }

    private static byte[] Word(CaseNode node, bool isError) =>
        [.. Bytes.U16(node["id"].NumberOr(isError ? 0 : 0x4321)),
            .. Bytes.U16(node["sequence"].NumberOr(isError ? 0 : 1))];
}
