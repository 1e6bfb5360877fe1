using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Rejects a Windows server in a pool that a service reaches at layer 3: Windows does not decapsulate
/// (docs/real-server.md).</summary>
internal static class WindowsServerRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var checkedPools = new HashSet<BoundMapping>();
        foreach (var service in document.Services)
        {
            bool isLayerTwo = document.ProfileOf(service)?.Find(NetworkProfileSchema.DsrType)?.Value == DsrType.L2;
            // A missing profile is an error of its own.
            if (isLayerTwo || (service.Find(VirtualServiceSchema.NetworkProfile) is not null
                && document.ProfileOf(service) is null)
                || document.PoolOf(service) is not { } pool || !PoolUsage.Of(pool).HasWindows
                || !checkedPools.Add(pool))
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Os) is { Value: OperatingSystemKind.Windows } os)
                    issues.Error(os.Path, os.Node,
                        $"{ConfigurationDocument.Title(service)} reaches this pool at layer 3, and Windows cannot "
                        + "decapsulate (IP-in-IP, GUE or GRE) for a VIP on its loopback adapter",
                        "Use a network profile with dsrType: l2 for the service, or a Linux server");
            }
        }
    }
}
