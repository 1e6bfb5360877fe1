using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sidestep.Packets;

/// <summary>Names of protocols, as command lines and reports show them.</summary>
public static class IpProtocolText
{
    /// <summary>The name: <c>tcp</c>, <c>udp</c>, <c>sctp</c>, <c>udplite</c>, <c>dccp</c>, <c>icmp</c>,
    /// <c>icmpv6</c>.</summary>
    /// <returns>False when the protocol is shown by its number.</returns>
    public static bool TryGetName(this IpProtocol protocol, [NotNullWhen(true)] out string? name)
    {
        name = protocol switch
        {
            IpProtocol.Tcp => "tcp",
            IpProtocol.Udp => "udp",
            IpProtocol.Sctp => "sctp",
            IpProtocol.UdpLite => "udplite",
            IpProtocol.Dccp => "dccp",
            IpProtocol.Icmp => "icmp",
            IpProtocol.Ipv6Icmp => "icmpv6",
            _ => null,
        };
        return name is not null;
    }

    /// <summary>The name; <c>protocol 47</c> for a protocol without one here.</summary>
    public static string Name(this IpProtocol protocol) => protocol.TryGetName(out var name) ? name
        : string.Create(CultureInfo.InvariantCulture, $"protocol {(int)protocol}");
}
