using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Properties of the servers of a pool that rules need, computed once: a pool that is reused from the previous
/// version of the document is not scanned again.</summary>
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
            HasActiveServers |= server.Value(RealServerSchema.State) == ServerState.Enabled
                && server.Value(RealServerSchema.Weight) > 0;
        }
        Addresses = [.. addresses];
        Array.Sort(Addresses, static (a, b) => Number(a).CompareTo(Number(b)));
    }

    /// <summary>True if two servers have the same name or the same address.</summary>
    public bool HasDuplicates { get; }

    /// <summary>True if a server has a port.</summary>
    public bool HasPorts { get; }

    /// <summary>True if a server has its own encapsulation.</summary>
    public bool HasEncapsulations { get; }

    /// <summary>True if a server runs Windows.</summary>
    public bool HasWindows { get; }

    /// <summary>True if a server is a backup.</summary>
    public bool HasBackups { get; }

    /// <summary>True if a server is enabled and has a weight above 0.</summary>
    public bool HasActiveServers { get; }

    /// <summary>The addresses of all servers, ascending.</summary>
    public IPAddress[] Addresses { get; }

    /// <summary>The properties of a pool; they are cached, because a bound pool never changes.</summary>
    public static PoolUsage Of(BoundMapping pool) => Cache.GetValue(pool, static p => new PoolUsage(p));

    /// <summary>Addresses in the form that <see cref="IsAnyIn"/> needs.</summary>
    public static UInt128[] Sorted(IEnumerable<IPAddress> addresses)
    {
        UInt128[] values = [.. addresses.Select(Number)];
        Array.Sort(values);
        return values;
    }

    /// <summary>True if a server has an address of the table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="sorted">Its addresses. Usually none of them lies between the first and the last address of the
    /// pool, and then no look-up is needed.</param>
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

    /// <summary>The lowest address of a server in a prefix; null: there is none.</summary>
    public IPAddress? FirstIn(IPNetwork prefix)
    {
        var low = Number(prefix.BaseAddress);
        int at = 0;
        for (int end = Addresses.Length; at < end;)
        {
            int middle = (at + end) / 2;
            if (Number(Addresses[middle]) < low)
                at = middle + 1;
            else
                end = middle;
        }
        // As a number, an IPv4 address may lie in an IPv6 prefix.
        while (at < Addresses.Length && prefix.BaseAddress.AddressFamily != Addresses[at].AddressFamily)
            at++;
        return at < Addresses.Length && prefix.Contains(Addresses[at]) ? Addresses[at] : null;
    }

    /// <summary>The address as a number; IPv4 as ::ffff:a.b.c.d.</summary>
    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.TryWriteBytes(bytes, out int length) && length == 4)
            return (UInt128)0xffff << 32 | BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
