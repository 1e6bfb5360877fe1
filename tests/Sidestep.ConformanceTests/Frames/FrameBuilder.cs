using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Builds frames from the layers that rows describe. It judges the product, so it shares nothing with it.</summary>
internal sealed class FrameBuilder(HostNames names)
{
    /// <summary>Builds.</summary>
    /// <param name="layers">From the outside in; Ethernet may be left out.</param>
    /// <param name="input">What "rest of input" and "datagram of input" are taken from.</param>
    /// <param name="actual">What fields that may be anything are taken from; without it they are zero.</param>
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

    /// <summary>The first of the layers with everything inside it.</summary>
    private byte[] Stack(List<Layer> layers, byte[] input, LayerContext context)
    {
        if (layers is [])
            return [];
        var (name, node) = layers[0];
        var inside = layers.Skip(1).ToList();
        byte[] Inside(LayerContext inner) => Stack(inside, input, inner);
        byte[] Behind(int length) => Inside(context.Advance(length));
        var next = NextLayer.Of(inside, input);
        return name switch
        {
            "ethernet" => LinkLayers.Ethernet(node, names, next, input, Behind(14)),
            "vlan" or "service-vlan" => LinkLayers.Vlan(node, next, Behind(4)),
            "arp" => [.. LinkLayers.Arp(node, names), .. Behind(28)],
            "ipv4" => Ipv4Layer.Build(node, names, next, context, Inside),
            "ipv6" => Ipv6Layer.Build(node, names, next, context, Inside),
            "hop-by-hop" or "destination-options" => ExtensionHeaders.Options(node, next, Behind),
            "routing" => ExtensionHeaders.Routing(node, next, Behind),
            "fragment" => ExtensionHeaders.Fragment(node, next, Behind),
            "authentication" => ExtensionHeaders.Authentication(node, next, Behind),
            "tcp" => TransportLayers.Tcp(node, context, Behind),
            "udp" => TransportLayers.Udp(node, context, Behind(8)),
            "icmp" => IcmpLayers.Icmp(node, Behind(8)),
            "icmpv6" => IcmpLayers.Icmpv6(node, context, Behind(8)),
            "neighbour-solicitation" => NeighbourLayers.Build(node, names, context, type: 135),
            "neighbour-advertisement" => NeighbourLayers.Build(node, names, context, type: 136),
            "gre" => TunnelLayers.Gre(node, next, Behind(4)),
            "gue" => TunnelLayers.Gue(node, next, Behind(4)),
            "first" => PartialLayers.First(node, context, Inside(context)),
            "payload" => [.. Enumerable.Range(0, (int)node.Number).Select(static i => (byte)(i * 31 + 7)), .. Behind((int)node.Number)],
            "hex" => [.. PartialLayers.Hex(node), .. Behind(PartialLayers.Hex(node).Length)],
            "rest of input" => [.. input[14..], .. Behind(input.Length - 14)],
            "datagram of input" => [.. PartialLayers.Datagram(node, input), .. Behind(PartialLayers.Datagram(node, input).Length)],
            _ => throw node.Wrong($"there is no layer '{name}'"),
        };
    }
}

/// <summary>A layer with its fields; one without fields may be written as its name alone.</summary>
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
