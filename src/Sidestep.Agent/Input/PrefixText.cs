using System.Net;

namespace Sidestep.Agent.Input;

/// <summary>Addresses and prefixes as people write them.</summary>
internal static class PrefixText
{
    /// <summary>A prefix; a single address without its length.</summary>
    public static string Of(IPNetwork network) => IsSingle(network) ? network.BaseAddress.ToString() : network.ToString();

    public static bool IsSingle(IPNetwork network) => network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8;

    public static IPNetwork Single(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    public static IPNetwork Parse(string text) => IPAddress.TryParse(text, out var address) ? Single(address) : IPNetwork.Parse(text);
}
