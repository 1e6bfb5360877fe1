using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Headers between an outer IP header and the inner datagram.</summary>
internal static class TunnelLayers
{
    /// <summary>GRE (RFC 2784 section 2), without the optional checksum.</summary>
    public static byte[] Gre(CaseNode node, NextLayer next, byte[] payload)
    {
        node.Only("flags", "type");
        return [.. Bytes.U16(node["flags"].NumberOr(0)), .. Bytes.U16(next.EtherType(node)), .. payload];
    }

    /// <summary>Generic UDP Encapsulation, variant 0 (draft-ietf-intarea-gue-09 section 3.1): a data message without
    /// extension fields.</summary>
    public static byte[] Gue(CaseNode node, NextLayer next, byte[] payload)
    {
        node.Only("first", "protocol", "flags");
        return
        [
            (byte)node["first"].NumberOr(0), // variant, control bit, length of the fields
            (byte)next.Protocol(node["protocol"]),
            .. Bytes.U16(node["flags"].NumberOr(0)),
            .. payload,
        ];
    }
}
