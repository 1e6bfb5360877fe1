using System.Net;

namespace Sidestep.Daemon;

/// <summary>Properties of VIP prefixes that several classes need.</summary>
internal static class PrefixExtensions
{
    /// <summary>True: the prefix is one address (/32 or /128).</summary>
    internal static bool IsSingle(this IPNetwork prefix) =>
        prefix.PrefixLength == prefix.BaseAddress.GetAddressBytes().Length * 8;
}
