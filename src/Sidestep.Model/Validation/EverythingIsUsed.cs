using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What no service names is often a leftover, or the sign of a service that names the wrong thing.</summary>
internal static class EverythingIsUsed
{
    public static void Check(Document document, IssueList issues)
    {
        var usedPools = document.Services.Select(document.PoolOf).ToHashSet();
        var usedProfiles = document.Services.Select(document.ProfileOf).ToHashSet();
        foreach (var profile in document.Profiles)
            WarnUnless(usedProfiles.Contains(profile), profile.Find(NetworkProfileSchema.Name), "network profile", issues);
        foreach (var pool in document.Pools)
            WarnUnless(usedPools.Contains(pool), pool.Find(PoolSchema.Name), "pool", issues);
    }

    private static void WarnUnless(bool used, Located<string>? name, string what, IssueList issues)
    {
        if (!used && name is not null)
            issues.Warning(name.Path, name.Node, $"no virtual service uses this {what}",
                "Remove it, or name it in a service");
    }
}
