using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Builds frames from the layers that rows describe. It judges the product, so it shares nothing with it.</summary>
internal sealed class FrameBuilder(Names names)
{
    /// <summary>Builds.</summary>
    /// <param name="layers">From the outside in; Ethernet may be left out.</param>
    /// <param name="input">What "rest of input" takes everything behind the Ethernet header from.</param>
    public byte[] Build(CaseNode layers, byte[] input)
    {
        var all = layers.Items.Select(static item => Layer.Read(item)).ToList();
        var shaping = all.Where(static l => l.Name is "pad to" or "truncate to").ToList();
        var content = all.Except(shaping).ToList();
        if (content is [] or [{ Name: not ("ethernet" or "hex") }, ..])
            content.Insert(0, new Layer("ethernet", new CaseNode($"{layers}.ethernet", null)));

        var frame = Stack(content, input, new Surroundings(0, null, null));
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
    private byte[] Stack(List<Layer> layers, byte[] input, Surroundings around)
    {
        if (layers is [])
            return [];
        var (name, node) = layers[0];
        var inside = layers.Skip(1).ToList();
        byte[] Inside(Surroundings surroundings) => Stack(inside, input, surroundings);
        var next = inside is [var first, ..] ? first.Name : "";
        return name switch
        {
            "ethernet" => LinkLayers.Ethernet(node, names, next, input, Inside(around)),
            "vlan" => LinkLayers.Vlan(node, next, Inside(around)),
            "arp" => [.. LinkLayers.Arp(node, names), .. Inside(around)],
            "ipv4" => Ipv4Layer.Build(node, names, next, Inside),
            "tcp" => TransportLayers.Tcp(node, around, Inside(around)),
            "udp" => TransportLayers.Udp(node, around, Inside(around)),
            "icmp" => TransportLayers.Icmp(node, Inside(around)),
            "payload" => [.. Enumerable.Range(0, (int)node.Number).Select(static i => (byte)(i * 31 + 7)), .. Inside(around)],
            "hex" => [.. Convert.FromHexString(node.Text.Replace(" ", "", StringComparison.Ordinal)), .. Inside(around)],
            "rest of input" => [.. input[14..], .. Inside(around)],
            _ => throw node.Wrong($"there is no layer '{name}'"),
        };
    }
}

/// <summary>What a transport header needs to know of the IPv4 header around it.</summary>
internal sealed record Surroundings(int Protocol, byte[]? Source, byte[]? Destination);

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
