using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Places the entries of the VIP and service tables so that the program finds each within its bounded search.</summary>
internal static class OpenAddressing
{
    private const int Attempts = 256;

    /// <summary>Fills the table of VIPs.</summary>
    /// <returns>The seed that the program must use.</returns>
    internal static uint Place(ReadOnlySpan<Vip> entries, Span<Vip> table)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var seed = (uint)SeedOf(attempt);
            table.Clear();
            if (TryPlace(entries, table, seed))
                return seed;
        }
        throw Unplaceable("VIPs", entries.Length);
    }

    /// <summary>Fills the table of services.</summary>
    /// <returns>The seed that the program must use.</returns>
    internal static ulong Place(ReadOnlySpan<Service> entries, Span<Service> table)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var seed = SeedOf(attempt);
            table.Clear();
            if (TryPlace(entries, table, seed))
                return seed;
        }
        throw Unplaceable("services", entries.Length);
    }

    private static bool TryPlace(ReadOnlySpan<Vip> entries, Span<Vip> table, uint seed)
    {
        foreach (var entry in entries)
        {
            var first = entry.Address * seed >> Constants.VipHashShift;
            var probe = 0u;
            while (table[(int)(first + probe & Constants.VipEntries - 1)].Flags != 0)
            {
                if (++probe == Constants.VipProbes)
                    return false;
            }
            table[(int)(first + probe & Constants.VipEntries - 1)] = entry;
        }
        return true;
    }

    private static bool TryPlace(ReadOnlySpan<Service> entries, Span<Service> table, ulong seed)
    {
        foreach (var entry in entries)
        {
            var first = (uint)(entry.Key * seed >> Constants.ServiceHashShift);
            var probe = 0u;
            while (table[(int)(first + probe & Constants.ServiceEntries - 1)].Key != 0)
            {
                if (++probe == Constants.ServiceProbes)
                    return false;
            }
            table[(int)(first + probe & Constants.ServiceEntries - 1)] = entry;
        }
        return true;
    }

    /// <summary>A fixed sequence of odd multipliers: the same entries always get the same table.</summary>
    private static ulong SeedOf(int attempt)
    {
        var x = 0x9e3779b97f4a7c15 * (ulong)(attempt + 1);
        x ^= x >> 32;
        x *= 0xd6e8feb86659fd93;
        return (x ^ x >> 32) | 1;
    }

    private static EngineException Unplaceable(string what, int count) =>
        new($"{count} {what} could not be placed in the look-up table after {Attempts} attempts: this is a defect, please report the configuration");
}
