using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Places the entries of the VIP and service tables where find_vip and find_service of src/bpf/classify.h look.</summary>
internal static class OpenAddressing
{
    /// <summary>Fills the table of VIPs.</summary>
    /// <exception cref="EngineException">An entry would lie outside the bounded search.</exception>
    internal static void Place(ReadOnlySpan<Vip> entries, Span<Vip> table)
    {
        table.Clear();
        foreach (var entry in entries)
        {
            var at = (int)(entry.Address * Constants.TableMultiplier >> 64 - Constants.VipBits);
            for (var probe = 0; table[at].Flags != 0; probe++)
            {
                CheckProbes(probe, "VIPs", entries.Length);
                at = at + 1 & Constants.VipEntries - 1;
            }
            table[at] = entry;
        }
    }

    /// <summary>Fills the table of services.</summary>
    /// <exception cref="EngineException">An entry would lie outside the bounded search.</exception>
    internal static void Place(ReadOnlySpan<Service> entries, Span<Service> table)
    {
        table.Clear();
        foreach (var entry in entries)
        {
            var at = (int)(entry.Key * Constants.TableMultiplier >> 64 - Constants.ServiceBits);
            for (var probe = 0; table[at].Key != 0; probe++)
            {
                CheckProbes(probe, "services", entries.Length);
                at = at + 1 & Constants.ServiceEntries - 1;
            }
            table[at] = entry;
        }
    }

    private static void CheckProbes(int probe, string what, int count)
    {
        if (probe + 1 >= Constants.Probes)
            throw new EngineException($"{count} {what} crowd one place of the look-up table, which no ordinary choice of addresses and ports does: "
                + "please report the configuration; spreading them over other addresses or ports avoids it");
    }
}
