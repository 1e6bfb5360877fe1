using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>The IPv6 header (RFC 8200 section 3); a row can make every field wrong.</summary>
internal static class Ipv6Layer
{
    private const int Length = 40, NoNextHeader = 59;

    public static byte[] Build(
        CaseNode node, HostNames names, NextLayer next, LayerContext context, Func<LayerContext, byte[]> inside)
    {
        node.Only("from", "to", "trafficClass", "flowLabel", "hopLimit", "nextHeader", "payloadLength", "version");
        var source = context.Address(LinkLayers.Or(node, "from", "client6"), names, 8, 16);
        var destination = context.Address(LinkLayers.Or(node, "to", "vip6"), names, 24, 16);
        var payload = inside(context.Advance(Length) with { Source = source, Destination = destination });
        var first = node["version"].NumberOr(6) << 28 | node["trafficClass"].NumberOr(0) << 20
            | context.Number(node["flowLabel"], 1, 20, 0);
        return
        [
            .. Bytes.U32(first),
            .. Bytes.U16(node["payloadLength"].NumberOr(payload.Length)),
            (byte)(next.Name == "" && !node["nextHeader"].Exists ? NoNextHeader : next.Protocol(node["nextHeader"])),
            (byte)context.Number(
                node["hopLimit"], 7, 8, next.Name.StartsWith("neighbour-", StringComparison.Ordinal) ? 255 : 57),
            .. source,
            .. destination,
            .. payload,
        ];
    }
}
