using System.Net;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>Later fragments have no ports. They need no tracking only where all services of their VIP and protocol
/// choose servers alike.</summary>
internal static class FragmentRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var untracked = new HashSet<BoundMapping>();
        foreach (var pool in document.Pools)
        {
            if (pool.Find(PoolSchema.FragmentTracking) is not { Value: false } key)
                continue;
            if (pool.Value(PoolSchema.Algorithm) == Algorithm.ConsistentHash
                && pool.Find(PoolSchema.Persistence) is null)
                untracked.Add(pool);
            else
                issues.Warning(key.Path, key.Node,
                    "ignored: the pool tracks flows or clients, and only the first fragment has the ports of the flow",
                    "Remove the key, or use algorithm: consistent-hash without persistence");
        }
        if (untracked.Count > 0)
            Compare(document, untracked, issues);
    }

    /// <summary>Compares the services of each VIP and protocol with the first one.</summary>
    private static void Compare(ConfigurationDocument document, HashSet<BoundMapping> untracked, IssueList issues)
    {
        var first = new Dictionary<(IPNetwork, TransportProtocol), BoundMapping>();
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Protocol) is not { } protocol)
                continue;
            foreach (var vip in VirtualServiceSchema.VipsOf(service))
            {
                if (first.TryAdd((vip.Value, protocol.Value), service))
                    continue;
                var other = first[(vip.Value, protocol.Value)];
                if (!IsAny(untracked, document.PoolOf(service), document.PoolOf(other))
                    || Difference(document, service, other) is not { } difference
                    || service.Find(VirtualServiceSchema.Pool) is not { } pool)
                    continue;
                issues.Warning(pool.Path, pool.Node,
                    $"fragments to {PrefixText.Of(vip.Value)} {protocol.Value.ToString().ToLowerInvariant()} are "
                    + $"tracked although fragmentTracking is false: {ConfigurationDocument.Title(other)} has another "
                    + $"{difference}, and later fragments do not show their port",
                    "Give the services of a VIP the same pool, network profile and access list, or remove the key");
                break;
            }
        }
    }

    private static bool IsAny(HashSet<BoundMapping> untracked, BoundMapping? one, BoundMapping? other) =>
        (one is not null && untracked.Contains(one)) || (other is not null && untracked.Contains(other));

    private static string? Difference(ConfigurationDocument document, BoundMapping one, BoundMapping other) =>
        document.PoolOf(one) != document.PoolOf(other) ? "pool"
        : document.ProfileOf(one) != document.ProfileOf(other) ? "network profile"
        : one.Find(VirtualServiceSchema.AccessList)?.Value != other.Find(VirtualServiceSchema.AccessList)?.Value
            ? "access list"
        : null;
}
