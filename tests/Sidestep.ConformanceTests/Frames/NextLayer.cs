using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>The numbers by which headers identify the next header.</summary>
/// <param name="Name">Name of the layer; empty when there is none.</param>
internal sealed record NextLayer(string Name)
{
    /// <summary>The first layer that adds bytes to the frame.</summary>
    public static NextLayer Of(IEnumerable<Layer> inside, byte[] input) =>
        inside.FirstOrDefault(static l => l.Name != "first")?.Name switch
        {
            null => new NextLayer(""),
            "datagram of input" => new NextLayer(PartialLayers.IsIpv6(input) ? "ipv6" : "ipv4"),
            var name => new NextLayer(name),
        };

    /// <summary>EtherType: that of the row, or that of the layer.</summary>
    public long EtherType(CaseNode node) => node["type"].Exists ? node["type"].Number : Name switch
    {
        "ipv4" => 0x0800,
        "arp" => 0x0806,
        "vlan" => 0x8100,
        "ipv6" => 0x86dd,
        "service-vlan" => 0x88a8,
        _ => throw node.Wrong($"the type of '{Name}' must be given"),
    };

    /// <summary>IANA protocol number: that of the row, or that of the layer.</summary>
    /// <param name="node">The field of the row.</param>
    public long Protocol(CaseNode node) => node.Exists ? node.Number : Name switch
    {
        "hop-by-hop" => 0,
        "icmp" => 1,
        "ipv4" or "rest of input" => 4,
        "tcp" => 6,
        "udp" => 17,
        "dccp" => 33,
        "ipv6" => 41,
        "routing" => 43,
        "fragment" => 44,
        "gre" => 47,
        "authentication" => 51,
        "icmpv6" or "neighbour-solicitation" or "neighbour-advertisement" => 58,
        "destination-options" => 60,
        "sctp" => 132,
        "udplite" => 136,
        _ => throw node.Wrong("the protocol must be given"),
    };
}
