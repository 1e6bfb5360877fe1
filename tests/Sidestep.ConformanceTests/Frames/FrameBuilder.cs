using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Builds frames from the layers of a row. It shares no code with the product, because it judges the
/// product.</summary>
internal sealed class FrameBuilder(HostNames names)
{
    /// <summary>Builds a frame.</summary>
    /// <param name="layers">Layers from the outside in; Ethernet may be omitted.</param>
    /// <param name="input">The frame that "rest of input" and "datagram of input" refer to.</param>
    /// <param name="actual">The frame that provides fields that may have any value; without it they are zero.</param>
    public byte[] Build(CaseNode layers, byte[] input, byte[]? actual = null)
    {
        var all = layers.Items.Select(static item => Layer.Read(item)).ToList();
        var shaping = all.Where(static l => l.Name is "pad to" or "truncate to").ToList();
        var content = all.Except(shaping).ToList();
        if (content is [] or [{ Name: not ("ethernet" or "hex") }, ..])
            content.Insert(0, new Layer("ethernet", new CaseNode($"{layers}.ethernet", null)));

        var frame = Stack(content, input, new LayerContext(0, null, null, actual ?? []));
        foreach (var layer in shaping)
        {
            var length = (int)layer.Node.Number;
            if (layer.Name == "truncate to" ? length > frame.Length : length < frame.Length)
                throw layer.Node.Wrong($"the frame has {frame.Length} bytes");
            Array.Resize(ref frame, length);
        }
        return frame;
    }

    /// <summary>The first layer with everything inside it.</summary>
    private byte[] Stack(List<Layer> layers, byte[] input, LayerContext context)
    {
        if (layers is [])
            return [];
        var (name, node) = layers[0];
        var inside = layers.Skip(1).ToList();
        byte[] Inside(LayerContext inner) => Stack(inside, input, inner);
        byte[] PayloadAt(int length) => Inside(context.Advance(length));
        var next = NextLayer.Of(inside, input);
        return name switch
        {
            "ethernet" => LinkLayers.Ethernet(node, names, next, input, PayloadAt(14)),
            "vlan" or "service-vlan" => LinkLayers.Vlan(node, next, PayloadAt(4)),
            "arp" => [.. LinkLayers.Arp(node, names), .. PayloadAt(28)],
            "ipv4" => Ipv4Layer.Build(node, names, next, context, Inside),
            "ipv6" => Ipv6Layer.Build(node, names, next, context, Inside),
            "hop-by-hop" or "destination-options" => ExtensionHeaders.Options(node, next, PayloadAt),
            "routing" => ExtensionHeaders.Routing(node, next, PayloadAt),
            "fragment" => ExtensionHeaders.Fragment(node, next, PayloadAt),
            "authentication" => ExtensionHeaders.Authentication(node, next, PayloadAt),
            "tcp" => TransportLayers.Tcp(node, context, PayloadAt),
            "udp" => TransportLayers.Udp(node, context, PayloadAt(8)),
            "sctp" => TransportLayers.Sctp(node, PayloadAt(12)),
            "udplite" => TransportLayers.UdpLite(node, context, PayloadAt(8)),
            "dccp" => TransportLayers.Dccp(node, context, PayloadAt(16)),
            "icmp" => IcmpLayers.Icmp(node, PayloadAt(8)),
            "icmpv6" => IcmpLayers.Icmpv6(node, context, PayloadAt(8)),
            "neighbour-solicitation" => NeighbourLayers.Build(node, names, context, type: 135),
            "neighbour-advertisement" => NeighbourLayers.Build(node, names, context, type: 136),
            "gre" => TunnelLayers.Gre(node, next, PayloadAt(4)),
            "gue" => TunnelLayers.Gue(node, next, PayloadAt(4)),
            "first" => PartialLayers.First(node, Inside(context)),
            "payload" => [.. Enumerable.Range(0, (int)node.Number).Select(static i => (byte)(i * 31 + 7)),
            .. PayloadAt((int)node.Number)],
            "hex" => [.. PartialLayers.Hex(node), .. PayloadAt(PartialLayers.Hex(node).Length)],
            "rest of input" => [.. input[14..], .. PayloadAt(input.Length - 14)],
            "datagram of input" =>
            [.. PartialLayers.Datagram(node, input), .. PayloadAt(PartialLayers.Datagram(node, input).Length)],
            _ => throw node.Wrong($"there is no layer '{name}'"),
        };
    }
}

/// <summary>A layer with its fields; a layer without fields may be written as only its name.</summary>
internal sealed record Layer(string Name, CaseNode Node)
{
    public static Layer Read(CaseNode item)
    {
        if (item.IsText)
            return new Layer(item.Text, new CaseNode(item.ToString(), null));
        var pairs = item.Pairs;
        return pairs is [var (name, node)] ? new Layer(name, node) : throw item.Wrong("a list item is one layer");
    }
}
