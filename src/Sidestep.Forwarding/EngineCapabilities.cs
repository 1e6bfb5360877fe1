using System.Globalization;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Size limits that an engine was built or loaded with.</summary>
public sealed record EngineCapabilities
{
    /// <summary>Name of the engine: <c>xdp</c> or <c>managed</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>The most enabled services.</summary>
    public required int MaxServices { get; init; }

    /// <summary>The most VIPs and VIP prefixes.</summary>
    public required int MaxVips { get; init; }

    /// <summary>The most real servers, counted once per group.</summary>
    public required int MaxServers { get; init; }

    /// <summary>The most slots, summed over all slot tables.</summary>
    public required int MaxSlots { get; init; }

    /// <summary>The most interfaces.</summary>
    public required int MaxInterfaces { get; init; }

    /// <summary>The most other directors.</summary>
    public required int MaxPeers { get; init; }

    /// <summary>The most prefixes, summed over access lists and VIPs.</summary>
    public required int MaxPrefixes { get; init; }

    /// <summary>Rejects tables that do not fit.</summary>
    /// <exception cref="EngineException">The tables exceed limits; the message names all of them.</exception>
    public void Check(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        // Each list has an entry for all other IPv4 and IPv6 addresses.
        var prefixes = tables.Services.Select(static s => s.AccessList).OfType<AccessList>().Distinct()
            .Sum(static l => (long)l.Allow.Length + l.Deny.Length + 2)
            + tables.Vips.Count(static v => !v.Address.IsSingle());
        (string What, long Needed, int Limit)[] checks =
        [
            ("services", tables.Services.Length, MaxServices),
            ("VIPs", tables.Vips.Length, MaxVips),
            ("real servers (counted once per service of a monitored pool, and per encapsulation)",
                tables.Groups.Sum(static g => (long)g.Servers.Length), MaxServers),
            ("slots in all slot tables", tables.Groups.Sum(static g => (long)g.Slots.Slots.Length), MaxSlots),
            ("interfaces", tables.Interfaces.Length, MaxInterfaces),
            ("other directors", tables.Peers.Length, MaxPeers),
            ("prefixes in access lists and VIPs", prefixes, MaxPrefixes),
        ];
        var problems = checks.Where(static c => c.Needed > c.Limit).Select(static c =>
            string.Create(CultureInfo.InvariantCulture, $"{c.Needed} {c.What}, {c.Limit} fit")).ToArray();
        if (problems.Length > 0)
        {
            throw new EngineException($"the configuration exceeds the limits of the {Engine} engine:"
                + $" {string.Join("; ", problems)}.{Remedy(tables)} docs/limits.md lists the limits and their cost");
        }
    }
    /// <summary>Names the pool whose services have the most groups, if they could share one.</summary>
    private static string Remedy(ForwardingTables tables)
    {
        var largest = tables.Groups.Where(static g => g.Key.Service is not null).GroupBy(static g => g.Key.Pool)
            .MaxBy(static g => g.Count());
        return largest is null || largest.Count() == 1 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" The {largest.Count()} services of pool {largest.Key} have slots and servers of their own: healthScope: "
            + $"pool lets them share.");
    }
}
