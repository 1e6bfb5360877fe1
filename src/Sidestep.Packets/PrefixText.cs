using System.Net;
using System.Net.Sockets;

namespace Sidestep.Packets;

/// <summary>Addresses and prefixes in one text form: a prefix that contains one address is written without its
/// length.</summary>
public static class PrefixText
{
    /// <summary>The shortest text: <c>192.0.2.1</c>, <c>192.0.2.0/24</c>.</summary>
    public static string Of(IPNetwork prefix) => prefix.IsSingle() ? prefix.BaseAddress.ToString() : prefix.ToString();

    /// <summary>True if the prefix contains one address: /32 or /128.</summary>
    public static bool IsSingle(this IPNetwork prefix) => prefix.PrefixLength == BitsOf(prefix.BaseAddress);

    /// <summary>The prefix that contains this address only.</summary>
    public static IPNetwork OfHost(IPAddress address) => new(address, BitsOf(address));

    /// <summary>Bits of an address of this family: 32 or 128.</summary>
    public static int BitsOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
    }

    /// <summary>Reads an address, or a prefix with its length.</summary>
    /// <exception cref="FormatException">The text is neither an address nor a prefix.</exception>
    public static IPNetwork Parse(string text) =>
        IPAddress.TryParse(text, out var address) ? OfHost(address) : IPNetwork.Parse(text);
}
