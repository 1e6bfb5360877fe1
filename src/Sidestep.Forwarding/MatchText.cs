using System.Globalization;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Texts about the packets that a service matches, for people.</summary>
public static class MatchText
{
    /// <summary>A text such as <c>203.0.113.10 tcp 80</c>.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="first">The first number of the interval, see <see cref="PortMap.Key"/>.</param>
    /// <param name="last">The last number of the interval, inclusive.</param>
    public static string Of(IPNetwork vip, int first, int last) => $"{PrefixText.Of(vip)} {Ports(first, last)}";

    private static string Ports(int first, int last)
    {
        var protocol = first >> 16;
        if (protocol != last >> 16 || PortMap.IndexOf(protocol) < 0)
        {
            return first == 0 && last == PortMap.MaxKey ? "any"
                : string.Create(CultureInfo.InvariantCulture, $"protocols {protocol} to {last >> 16}");
        }
        return $"{((IpProtocol)protocol).Name()} {new PortRange((ushort)first, (ushort)last)}";
    }
}
