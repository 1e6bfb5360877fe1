using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What rules ask of the servers of a pool, found out once: a pool that is taken over from an earlier version of the
/// document is not looked through again.</summary>
internal sealed class PoolUsage
{
    private static readonly ConditionalWeakTable<BoundMapping, PoolUsage> Cache = [];

    private PoolUsage(BoundMapping pool)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new HashSet<IPAddress>();
        foreach (var server in pool.Items(PoolSchema.Servers))
        {
            if (server.Find(RealServerSchema.Name) is { } name)
                HasDuplicates |= !names.Add(name.Value);
            if (server.Find(RealServerSchema.Address) is { } address)
                HasDuplicates |= !addresses.Add(address.Value);
            HasPorts |= server.Find(RealServerSchema.Port) is not null;
            HasEncapsulations |= server.Find(RealServerSchema.Encapsulation) is not null;
            HasWindows |= server.Value(RealServerSchema.Os) == OperatingSystemKind.Windows;
            HasBackups |= server.Value(RealServerSchema.Backup);
            HasActiveServers |= server.Value(RealServerSchema.State) == ServerState.Enabled && server.Value(RealServerSchema.Weight) > 0;
        }
        Addresses = [.. addresses];
        Array.Sort(Addresses, static (a, b) => Number(a).CompareTo(Number(b)));
    }

    /// <summary>Two servers have one name or one address.</summary>
    public bool HasDuplicates { get; }

    /// <summary>Some server has a port.</summary>
    public bool HasPorts { get; }

    /// <summary>Some server has an encapsulation of its own.</summary>
    public bool HasEncapsulations { get; }

    /// <summary>Some server runs Windows.</summary>
    public bool HasWindows { get; }

    /// <summary>Some server is a backup.</summary>
    public bool HasBackups { get; }

    /// <summary>Some server is enabled and has a weight.</summary>
    public bool HasActiveServers { get; }

    /// <summary>The addresses of all servers, ascending.</summary>
    public IPAddress[] Addresses { get; }

    /// <summary>The facts of a pool, which never changes.</summary>
    public static PoolUsage Of(BoundMapping pool) => Cache.GetValue(pool, static p => new PoolUsage(p));

    /// <summary>Addresses as <see cref="IsAnyIn"/> wants them.</summary>
    public static UInt128[] Sorted(IEnumerable<IPAddress> addresses)
    {
        UInt128[] values = [.. addresses.Select(Number)];
        Array.Sort(values);
        return values;
    }

    /// <summary>Whether some server has an address of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="sorted">Its addresses: mostly none of them lies between the first and the last of the pool, and then there is
    /// nothing to look up.</param>
    public bool IsAnyIn<T>(Dictionary<IPAddress, T> table, UInt128[] sorted)
    {
        if (table.Count == 0 || Addresses.Length == 0)
            return false;
        int first = Array.BinarySearch(sorted, Number(Addresses[0]));
        first = first < 0 ? ~first : first;
        if (first == sorted.Length || sorted[first] > Number(Addresses[^1]))
            return false;
        foreach (var address in Addresses)
        {
            if (table.ContainsKey(address))
                return true;
        }
        return false;
    }

    /// <summary>IPv4 as ::ffff:a.b.c.d.</summary>
    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.TryWriteBytes(bytes, out int length) && length == 4)
            return (UInt128)0xffff << 32 | BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
