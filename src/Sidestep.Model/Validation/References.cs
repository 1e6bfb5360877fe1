using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What a service or a pool names must be there.</summary>
internal static class References
{
    // Finding the nearest of thousands of names takes a while, and who has twenty wrong ones has one mistake.
    private const int MostSuggestions = 20;

    public static void Check(Document document, IssueList issues)
    {
        int refused = 0;
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Pool) is { } pool && document.FindPool(pool.Value) is null)
                Refuse(pool, "pool", "pools", document.PoolNames, refused++, issues);
            if (service.Find(VirtualServiceSchema.NetworkProfile) is { } profile
                && document.FindProfile(profile.Value) is null)
                Refuse(profile, "network profile", "networkProfiles", document.ProfileNames, refused++, issues);
            if (service.Find(VirtualServiceSchema.AccessList) is { } list && document.FindAccessList(list.Value) is null)
                Refuse(list, "access list", "accessLists", document.AccessListNames, refused++, issues);
        }
        foreach (var pool in document.Pools)
        {
            foreach (var monitor in pool.Find(PoolSchema.Monitors)?.Value ?? [])
            {
                if (document.FindMonitor(monitor.Value) is null)
                    Refuse(monitor, "health monitor", "healthMonitors", document.MonitorNames, refused++, issues);
            }
        }
    }

    private static void Refuse(
        Located<string> name, string what, string section, IEnumerable<string> known, int before, IssueList issues)
    {
        string? nearest = before >= MostSuggestions ? null : Nearest.To(name.Value, known);
        issues.Error(name.Path, name.Node, $"there is no {what} of this name",
            nearest is null ? $"Add it to {section}, or name one that is there" : $"Did you mean {nearest}?");
    }
}
