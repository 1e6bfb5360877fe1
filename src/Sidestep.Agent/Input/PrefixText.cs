using System.Net;

namespace Sidestep.Agent.Input;

/// <summary>Text form of addresses and prefixes: a prefix that contains one address is written without its
/// length.</summary>
internal static class PrefixText
{
    public static string Of(IPNetwork network) =>
        IsSingle(network) ? network.BaseAddress.ToString() : network.ToString();

    /// <summary>True if the prefix contains one address: /32 or /128.</summary>
    public static bool IsSingle(IPNetwork network) =>
        network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8;

    /// <summary>The prefix that contains this address only.</summary>
    public static IPNetwork Single(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    /// <exception cref="FormatException">The text is neither an address nor a prefix.</exception>
    public static IPNetwork Parse(string text) =>
        IPAddress.TryParse(text, out var address) ? Single(address) : IPNetwork.Parse(text);
}
