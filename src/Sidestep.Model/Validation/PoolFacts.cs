using System.Net;
using System.Runtime.CompilerServices;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What rules ask of the servers of a pool, found out once: a pool that is taken over from an earlier version of the
/// document is not looked through again.</summary>
internal sealed class PoolFacts
{
    private static readonly ConditionalWeakTable<BoundMapping, PoolFacts> Known = [];

    private PoolFacts(BoundMapping pool)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new HashSet<IPAddress>();
        foreach (var server in pool.Items(PoolSchema.Servers))
        {
            if (server.Find(RealServerSchema.Name) is { } name)
                HasTwins |= !names.Add(name.Value);
            if (server.Find(RealServerSchema.Address) is { } address)
                HasTwins |= !addresses.Add(address.Value);
            HasPorts |= server.Find(RealServerSchema.Port) is not null;
            HasEncapsulations |= server.Find(RealServerSchema.Encapsulation) is not null;
            HasWindows |= server.Value(RealServerSchema.Os) == OperatingSystemKind.Windows;
            HasBackups |= server.Value(RealServerSchema.Backup);
            TakesFlows |= server.Value(RealServerSchema.State) == ServerState.Enabled && server.Value(RealServerSchema.Weight) > 0;
        }
        Addresses = [.. addresses];
    }

    /// <summary>Two servers have one name or one address.</summary>
    public bool HasTwins { get; }

    /// <summary>Some server has a port.</summary>
    public bool HasPorts { get; }

    /// <summary>Some server has an encapsulation of its own.</summary>
    public bool HasEncapsulations { get; }

    /// <summary>Some server runs Windows.</summary>
    public bool HasWindows { get; }

    /// <summary>Some server is a backup.</summary>
    public bool HasBackups { get; }

    /// <summary>Some server is enabled and has a weight.</summary>
    public bool TakesFlows { get; }

    /// <summary>The addresses of all servers.</summary>
    public IPAddress[] Addresses { get; }

    /// <summary>The facts of a pool, which never changes.</summary>
    public static PoolFacts Of(BoundMapping pool) => Known.GetValue(pool, static p => new PoolFacts(p));

    /// <summary>Whether some server has an address of a table.</summary>
    public bool IsAnyIn<T>(Dictionary<IPAddress, T> table)
    {
        if (table.Count == 0)
            return false;
        foreach (var address in Addresses)
        {
            if (table.ContainsKey(address))
                return true;
        }
        return false;
    }
}
