using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Every object that a service or a pool names must exist.</summary>
internal static class ReferenceRules
{
    // A search among thousands of names takes a while, and twenty wrong names have usually one cause.
    private const int MostSuggestions = 20;

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        int missing = 0;
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Pool) is { } pool && document.FindPool(pool.Value) is null)
                ReportMissing(pool, "pool", "pools", document.PoolNames, missing++, issues);
            if (service.Find(VirtualServiceSchema.NetworkProfile) is { } profile
                && document.FindProfile(profile.Value) is null)
                ReportMissing(profile, "network profile", "networkProfiles", document.ProfileNames, missing++, issues);
            if (service.Find(VirtualServiceSchema.AccessList) is { } list
                && document.FindAccessList(list.Value) is null)
                ReportMissing(list, "access list", "accessLists", document.AccessListNames, missing++, issues);
        }
        foreach (var pool in document.Pools)
        {
            foreach (var monitor in pool.Find(PoolSchema.Monitors)?.Value ?? [])
            {
                if (document.FindMonitor(monitor.Value) is null)
                    ReportMissing(monitor, "health monitor", "healthMonitors", document.MonitorNames, missing++,
                        issues);
            }
        }
    }

    private static void ReportMissing(
        Located<string> name, string what, string section, IEnumerable<string> known, int before, IssueList issues)
    {
        string? nearest = before >= MostSuggestions ? null : SpellingSuggestion.For(name.Value, known);
        issues.Error(name.Path, name.Node, $"there is no {what} of this name",
            nearest is null ? $"Add it to {section}, or name an existing one" : $"Did you mean {nearest}?");
    }
}
