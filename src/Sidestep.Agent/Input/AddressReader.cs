using System.Net;
using System.Net.Sockets;

namespace Sidestep.Agent.Input;

/// <summary>Reads addresses and prefixes of an option and says what is wrong with each.</summary>
internal static class AddressReader
{
    /// <param name="option">For messages.</param>
    /// <param name="values">As typed.</param>
    /// <param name="prefixes">Whether a prefix may stand where an address may.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static List<IPNetwork> Read(string option, IReadOnlyList<string> values, bool prefixes, List<Problem> problems)
    {
        var networks = new List<IPNetwork>();
        foreach (var value in values)
        {
            var slash = value.IndexOf('/', StringComparison.Ordinal);
            var network = default(IPNetwork);
            if (!IPAddress.TryParse(slash < 0 ? value : value[..slash], out var address) || value.Contains('%', StringComparison.Ordinal)
                || (slash >= 0 && !prefixes))
            {
                problems.Add(new Problem(option, value, prefixes ? "is neither an IP address nor a prefix" : "is not an IP address",
                    "Write it as in 203.0.113.10 or 2001:db8:113::10" + (prefixes ? ", a prefix as in 203.0.113.0/24." : ", without a prefix length.")));
            }
            // The parser also takes 10.1 and 0x0a000001.
            else if (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != (slash < 0 ? value : value[..slash]))
                problems.Add(new Problem(option, value, $"is not how an address is written (it would be read as {address})",
                    $"Write {address} if that is what you mean."));
            else if (slash >= 0 && !IPNetwork.TryParse(value, out network))
                problems.Add(new Problem(option, value, "is no prefix: its length is wrong, or its address has bits behind it",
                    "Write the first address of the network and its length, as in 203.0.113.0/24."));
            else if (UnicastProblem(address) is { } reason)
                problems.Add(new Problem(option, value, reason, "Give a unicast address that clients and servers can reach."));
            else if (networks.Contains(slash < 0 ? PrefixText.Single(address) : network))
                problems.Add(new Problem(option, value, "is given twice", "Give it once."));
            else
                networks.Add(slash < 0 ? PrefixText.Single(address) : network);
        }
        return networks;
    }

    public static string? UnicastProblem(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address switch
        {
            { IsIPv6Multicast: true } => "is a multicast address",
            { IsIPv6LinkLocal: true } => "is a link-local address, which does not leave its link",
            { IsIPv4MappedToIPv6: true } => "is an IPv4 address in the form of IPv6, which never appears on the wire",
            _ when IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any) => "is no host's address on the network",
            _ => null,
        }
        : address.GetAddressBytes()[0] switch
        {
            0 => "lies in 0.0.0.0/8, which is no host's",
            127 => "is a loopback address: no packet from outside may carry it",
            >= 224 and <= 239 => "is a multicast address",
            >= 240 => "lies in 240.0.0.0/4, which is reserved or broadcast",
            _ => null,
        };
}
