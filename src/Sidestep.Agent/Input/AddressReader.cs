using System.Net;
using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Agent.Input;

/// <summary>Parses the addresses and prefixes of an option, and reports every error.</summary>
internal static class AddressReader
{
    /// <param name="option">The option, for messages.</param>
    /// <param name="values">The values as the operator typed them.</param>
    /// <param name="prefixes">True: a prefix is allowed in place of an address.</param>
    /// <param name="problems">Receives the errors.</param>
    /// <returns>The valid values; a single address has the longest prefix.</returns>
    public static List<IPNetwork> Read(
        string option, IReadOnlyList<string> values, bool prefixes, List<Problem> problems)
    {
        var networks = new List<IPNetwork>();
        foreach (var value in values)
        {
            if (Parse(value, prefixes, out var network) is { } error)
                problems.Add(new Problem(option, value, error.Reason, error.Remedy));
            else if (networks.Contains(network))
                problems.Add(new Problem(option, value, "is given twice", "Give it once."));
            else
                networks.Add(network);
        }
        return networks;
    }

    /// <summary>Why an address is not a unicast address on the network; null: it is one.</summary>
    public static string? UnicastProblem(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address switch
        {
            { IsIPv6Multicast: true } => "is a multicast address",
            { IsIPv6LinkLocal: true } => "is a link-local address, which is valid on one link only",
            { IsIPv4MappedToIPv6: true } => "is an IPv4-mapped IPv6 address, which never appears on the wire",
            _ when IPAddress.IsLoopback(address) => "is the loopback address",
            _ when address.Equals(IPAddress.IPv6Any) => "is the unspecified address",
            _ => null,
        }
        : address.GetAddressBytes()[0] switch
        {
            0 => "is in 0.0.0.0/8, which contains no host addresses",
            127 => "is a loopback address, which no packet on the wire may carry",
            >= 224 and <= 239 => "is a multicast address",
            >= 240 => "is in 240.0.0.0/4, which is reserved or broadcast",
            _ => null,
        };

    private static (string Reason, string Remedy)? Parse(string value, bool prefixes, out IPNetwork network)
    {
        network = default;
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var addressText = slash < 0 ? value : value[..slash];
        if (!IPAddress.TryParse(addressText, out var address) || value.Contains('%', StringComparison.Ordinal)
            || (slash >= 0 && !prefixes))
        {
            return (prefixes ? "is neither an IP address nor a prefix" : "is not an IP address",
                "Write it as in 203.0.113.10 or 2001:db8:113::10"
                + (prefixes ? ", a prefix as in 203.0.113.0/24." : ", without a prefix length."));
        }
        // The parser also accepts 10.1 and 0x0a000001.
        if (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != addressText)
        {
            return ($"is not in dotted decimal form (it would mean {address})",
                $"Write {address} if that is what you mean.");
        }
        if (slash < 0)
            network = PrefixText.OfHost(address);
        else if (!IPNetwork.TryParse(value, out network) || !network.BaseAddress.Equals(address))
        {
            return ("is not a prefix: the length is invalid, or bits after the prefix are set",
                "Write the first address of the network and the length, as in 203.0.113.0/24.");
        }
        return UnicastProblem(address) is { } reason
            ? (reason, "Give a unicast address that clients and servers can reach.") : null;
    }
}
