using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A service that distributes datagrams one by one has no flows: its protocol and its pool must need
/// none.</summary>
internal static class OncePerDatagramRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.OncePerDatagram) is not { Value: true } key)
                continue;
            if (service.Find(VirtualServiceSchema.Protocol) is { Value: not TransportProtocol.Udp } protocol)
                issues.Error(key.Path, key.Node,
                    $"the protocol of the service is {protocol.Value.ToString().ToLowerInvariant()}, and only UDP "
                    + "datagrams may reach servers one by one: the packets of a connection belong together",
                    "Remove the key, or set protocol to udp");
            if (document.PoolOf(service) is not { } pool)
                continue;
            var name = $"pool {pool.Find(PoolSchema.Name)?.Value}";
            if (pool.Find(PoolSchema.Persistence) is { } persistence)
                issues.Error(key.Path, key.Node,
                    $"{name} keeps each client on one server (persistence)",
                    "Use a pool without persistence, or remove the key", persistence.Location);
            if (pool.Find(PoolSchema.Algorithm) is { Value: not Algorithm.ConsistentHash } algorithm)
                issues.Error(key.Path, key.Node,
                    $"{name} has an algorithm that tracks flows, and this service has none",
                    "Use a pool with algorithm: consistent-hash, whose weights count here, too, or remove the key",
                    algorithm.Location);
        }
    }
}
