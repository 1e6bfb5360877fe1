using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What a service names must be there.</summary>
internal static class References
{
    public static void Check(Document document, IssueList issues)
    {
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Pool) is { } pool && document.FindPool(pool.Value) is null)
                Refuse(pool, "pool", "pools", document.PoolNames, issues);
            if (service.Find(VirtualServiceSchema.NetworkProfile) is { } profile
                && document.FindProfile(profile.Value) is null)
                Refuse(profile, "network profile", "networkProfiles", document.ProfileNames, issues);
        }
    }

    private static void Refuse(
        Located<string> name, string what, string section, IEnumerable<string> known, IssueList issues)
    {
        string? nearest = Nearest.To(name.Value, known);
        issues.Error(name.Path, name.Node, $"there is no {what} of this name",
            nearest is null ? $"Add it to {section}, or name one that is there" : $"Did you mean {nearest}?");
    }
}
