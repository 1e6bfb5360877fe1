using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A server twice in a pool would only have a larger share, and that is what its weight is for.</summary>
internal static class UniqueServerAddressRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            if (!PoolUsage.Of(pool).HasDuplicates)
                continue;
            var first = new Dictionary<IPAddress, Located<IPAddress>>();
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address && !first.TryAdd(address.Value, address))
                    issues.Error(address.Path, address.Node,
                        $"the server {first[address.Value].Owner} of the same pool has this address",
                        "Keep one of the two; weight gives it a larger share", first[address.Value].Location);
            }
        }
    }
}
