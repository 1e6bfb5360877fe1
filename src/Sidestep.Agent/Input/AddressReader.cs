using System.Net;
using System.Net.Sockets;

namespace Sidestep.Agent.Input;

/// <summary>Reads IPv4 addresses of an option and says what is wrong with each.</summary>
internal static class AddressReader
{
    public static List<IPAddress> Read(string option, IReadOnlyList<string> values, List<Problem> problems)
    {
        var addresses = new List<IPAddress>();
        foreach (var value in values)
        {
            if (!IPAddress.TryParse(value, out var address))
                problems.Add(new Problem(option, value, "is not an IPv4 address", "Write four numbers, as in 203.0.113.10, without a prefix length."));
            else if (address.AddressFamily == AddressFamily.InterNetworkV6)
                problems.Add(new Problem(option, value, "is an IPv6 address, and the agent does IPv4 only so far", "Give the IPv4 address."));
            // The parser also takes 10.1 and 0x0a000001.
            else if (address.ToString() != value)
                problems.Add(new Problem(option, value, $"is not how an address is written (it would be read as {address})", $"Write {address} if that is what you mean."));
            else if (WhyNotUnicast(address) is { } reason)
                problems.Add(new Problem(option, value, reason, "Give a unicast address that clients and servers can reach."));
            else if (addresses.Contains(address))
                problems.Add(new Problem(option, value, "is given twice", "Give it once."));
            else
                addresses.Add(address);
        }
        return addresses;
    }

    private static string? WhyNotUnicast(IPAddress address) => address.GetAddressBytes()[0] switch
    {
        0 => "lies in 0.0.0.0/8, which is no host's",
        127 => "is a loopback address: no packet from outside may carry it",
        >= 224 and <= 239 => "is a multicast address",
        >= 240 => "lies in 240.0.0.0/4, which is reserved or broadcast",
        _ => null,
    };
}
