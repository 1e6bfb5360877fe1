using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.Agent.Input;

/// <summary>Sizes of outer headers, by the encapsulation of a spec.</summary>
internal static class OuterHeaders
{
    /// <summary>Bytes of the outer headers. An encapsulation other than <c>gue</c> and <c>gre</c> is
    /// IP-in-IP.</summary>
    public static int Bytes(string? encapsulation, bool outerIPv6)
    {
        var mode = encapsulation switch
        {
            "gue" => ForwardingMode.Gue,
            "gre" => ForwardingMode.Gre,
            _ => ForwardingMode.IpIp,
        };
        return mode.OverheadBytes(outerIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
    }
}
