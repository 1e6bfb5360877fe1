using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Places entries in hash tables with open addressing, where the lookups of src/bpf/classify.h find
/// them.</summary>
internal static class OpenAddressing
{
    /// <summary>Fills the table of IPv4 VIPs.</summary>
    /// <exception cref="EngineException">An entry would lie beyond the entries that a lookup examines (PROBE_LIMIT);
    /// the same holds for the other tables.</exception>
    internal static void Place(ReadOnlySpan<Vip> entries, Span<Vip> table) =>
        Place(entries, table, "IPv4 VIPs", static e => First(e.Address, Constants.VipBits), static e => e.Flags != 0);

    /// <summary>Fills the table of IPv6 VIPs.</summary>
    internal static void Place(ReadOnlySpan<Vip6> entries, Span<Vip6> table) =>
        Place(entries, table, "IPv6 VIPs", static e => First(Fold(e.Address), Constants.VipBits),
            static e => e.Flags != 0);

    /// <summary>Fills the table of single ports of IPv4 VIPs.</summary>
    internal static void Place(ReadOnlySpan<Layout.ServiceEntry> entries, Span<Layout.ServiceEntry> table) =>
        Place(entries, table, "ports of IPv4 VIPs", static e => First(e.Key, Constants.ServiceBits),
            static e => e.Key != 0);

    /// <summary>Fills the table of single ports of IPv6 VIPs.</summary>
    internal static void Place(ReadOnlySpan<Service6Entry> entries, Span<Service6Entry> table) => Place(
        entries, table, "ports of IPv6 VIPs",
        static e => First(Fold(e.Address) ^ (ulong)e.Key << 32, Constants.ServiceBits), static e => e.Key != 0);

    private static ulong Fold(AddressWords address) =>
        (address[0] ^ address[0] >> 32) * Constants.FoldMultiplier ^ address[1];

    private static int First(ulong key, int bits) => (int)(key * Constants.TableMultiplier >> 64 - bits);

    private static void Place<T>(
        ReadOnlySpan<T> entries, Span<T> table, string what, Func<T, int> first, Func<T, bool> isUsed)
    {
        table.Clear();
        foreach (var entry in entries)
        {
            var at = first(entry);
            for (var probe = 0; isUsed(table[at]); probe++)
            {
                if (probe + 1 >= Constants.ProbeLimit)
                {
                    throw new EngineException($"too many of the {entries.Length} {what} collide in the hash table, "
                        + "which no ordinary choice of addresses and ports does: please report the configuration; "
                        + "other addresses or ports avoid it");
                }
                at = at + 1 & table.Length - 1;
            }
            table[at] = entry;
        }
    }
}
