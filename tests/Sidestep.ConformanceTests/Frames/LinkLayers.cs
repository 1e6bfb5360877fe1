using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Ethernet, VLAN tags and ARP.</summary>
internal static class LinkLayers
{
    public static byte[] Ethernet(CaseNode node, HostNames names, NextLayer next, byte[] input, byte[] payload)
    {
        node.Only("to", "from", "type");
        return
        [
            .. names.Mac(Or(node, "to", "director")),
            .. names.Mac(Or(node, "from", "router")),
            .. next.Name == "rest of input" && !node["type"].Exists ? input[12..14] : Bytes.U16(next.EtherType(node)),
            .. payload,
        ];
    }

    /// <summary>IEEE 802.1Q: priority and identifier, then the type of the next header. The type before the tag says
    /// which kind of tag it is.</summary>
    public static byte[] Vlan(CaseNode node, NextLayer next, byte[] payload)
    {
        node.Only("id", "priority", "type");
        return [.. Bytes.U16(node["priority"].NumberOr(0) << 13 | node["id"].Number),
            .. Bytes.U16(next.EtherType(node)), .. payload];
    }

    /// <summary>ARP (RFC 826).</summary>
    public static byte[] Arp(CaseNode node, HostNames names)
    {
        node.Only("operation", "sender", "senderMac", "target", "targetMac", "hardwareType", "protocolType",
            "hardwareLength", "protocolLength");
        var operation = node["operation"].TextOr("request") switch
        {
            "request" => 1,
            "reply" => 2,
            _ => node["operation"].Number,
        };
        return
        [
            .. Bytes.U16(node["hardwareType"].NumberOr(1)),
            .. Bytes.U16(node["protocolType"].NumberOr(0x0800)),
            (byte)node["hardwareLength"].NumberOr(6),
            (byte)node["protocolLength"].NumberOr(4),
            .. Bytes.U16(operation),
            .. names.Mac(Or(node, "senderMac", "router")),
            .. Address(node, "sender", names, "router"),
            .. names.Mac(Or(node, "targetMac", "unspecified")),
            .. Address(node, "target", names, "vip"),
        ];
    }

    /// <summary>A field, or a default host when the row omits it.</summary>
    public static CaseNode Or(CaseNode node, string key, string name) =>
        node[key].Exists ? node[key] : CaseNode.Of($"{node}.{key}", name);

    private static byte[] Address(CaseNode node, string key, HostNames names, string name) =>
        names.Address(Or(node, key, name)).GetAddressBytes();
}
