using Sidestep.Api.Status;
using Sidestep.Forwarding;

namespace Sidestep.Cli.Top;

/// <summary>A row of a table of <c>sidestep top</c>.</summary>
/// <param name="Name">What it is about; rows are found again by it.</param>
/// <param name="Texts">The cells of the text columns after the name.</param>
/// <param name="Values">The values of the columns with numbers.</param>
internal sealed record TopRow(string Name, string[] Texts, double[] Values);

/// <summary>A table of <c>sidestep top</c>.</summary>
/// <param name="Title">What its rows are.</param>
/// <param name="TextColumns">The headers of the text columns.</param>
/// <param name="NumberColumns">The headers of the columns with numbers.</param>
/// <param name="Rows">The rows.</param>
internal sealed record TopTable(string Title, string[] TextColumns, string[] NumberColumns, TopRow[] Rows);

/// <summary>Computes the tables of <c>sidestep top</c> from two readings of the status.</summary>
/// <param name="before">The earlier reading.</param>
/// <param name="now">The later one.</param>
/// <param name="seconds">The time between them, seconds; above 0.</param>
internal sealed class TopRows(DirectorStatus before, DirectorStatus now, double seconds)
{
    /// <summary>The virtual services.</summary>
    internal TopTable Services()
    {
        var earlier = before.Services.ToDictionary(static s => s.Name);
        return new TopTable("services", ["service", "pool", "encap"], ["packets/s", "bits/s", "packets"],
        [
            .. now.Services.Select(s => new TopRow(s.Name, [s.Pool, s.Encap],
            [
                Rate(earlier.GetValueOrDefault(s.Name)?.Packets, s.Packets),
                8 * Rate(earlier.GetValueOrDefault(s.Name)?.Bytes, s.Bytes), s.Packets,
            ])),
        ]);
    }

    /// <summary>The real servers.</summary>
    /// <param name="service">Only those of the pool that serves this service; null: all.</param>
    internal TopTable Servers(string? service)
    {
        string? pool = now.Services.FirstOrDefault(s => s.Name == service)?.Pool;
        var earlier = before.Pools.SelectMany(static p => p.Servers.Select(s => (Key: KeyOf(p, s), Server: s)))
            .DistinctBy(static s => s.Key).ToDictionary(static s => s.Key, static s => s.Server);
        return new TopTable(service is null ? "servers" : $"servers of {service}", ["server", "pool", "state"],
            ["packets/s", "bits/s", "flows", "weight", "slots"],
        [
            .. now.Pools.Where(p => service is null || (p.Name == pool && (p.Service is null || p.Service == service)))
                .SelectMany(p => p.Servers.Select(s => new TopRow(s.Name, [KeyOf(p, s)[..^(s.Name.Length + 1)],
                    CounterName.Of(s.State)],
                [
                    Rate(earlier.GetValueOrDefault(KeyOf(p, s))?.Packets, s.Packets),
                    8 * Rate(earlier.GetValueOrDefault(KeyOf(p, s))?.Bytes, s.Bytes), s.Flows, s.Weight, s.Slots,
                ]))),
        ]);
    }

    /// <summary>The reasons of drops.</summary>
    internal TopTable Drops() => new("drops", ["reason"], ["packets/s", "packets"],
    [
        .. now.Drops.Select(d => new TopRow(d.Key, [],
            [Rate(before.Drops.GetValueOrDefault(d.Key)?.Packets, d.Value.Packets), d.Value.Packets])),
    ]);

    private static string KeyOf(PoolStatus pool, ServerStatus server) =>
        $"{pool.Name}/{pool.Encap}{(pool.Service is null ? "" : " " + pool.Service)}/{server.Name}";

    /// <summary>Per second. A counter that was reset, or is new, has no rate yet.</summary>
    private double Rate(ulong? earlier, ulong later) =>
        earlier is not { } value || later < value ? 0 : (later - value) / seconds;
}
