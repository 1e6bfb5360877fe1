using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>An access list contains each prefix once, and no more prefixes than the engine can store.</summary>
internal static class AccessListRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        int before = 0;
        foreach (var list in document.AccessLists)
        {
            int count = CheckOne(list, issues);
            int total = before + count;
            if (count > Limits.AccessListPrefixes)
                issues.Error(list.Path, list.Node.Position, null,
                    $"there are {count} prefixes in this list; at most {Limits.AccessListPrefixes} are possible",
                    "Merge adjacent prefixes into shorter ones");
            if (before <= Limits.AllAccessListPrefixes && total > Limits.AllAccessListPrefixes)
                issues.Error(list.Path, list.Node.Position, null,
                    $"with this list there are more than {Limits.AllAccessListPrefixes} prefixes in all access lists "
                    + "together",
                    "Let services share a list, or merge adjacent prefixes into shorter ones");
            before = total;
        }
    }

    private static int CheckOne(BoundMapping list, IssueList issues)
    {
        var allow = list.Value(AccessListSchema.Allow);
        var deny = list.Value(AccessListSchema.Deny);
        if (IsEmpty(list, AccessListSchema.Allow) && IsEmpty(list, AccessListSchema.Deny)
            && list.Find(AccessListSchema.Name) is { } name)
            issues.Warning(name.Path, name.Node, "the list is empty, so every source may use the service",
                "Add prefixes to it");
        var first = new Dictionary<IPNetwork, Located<IPNetwork>>();
        CheckDuplicates(allow, first, issues);
        var allowed = first;
        first = [];
        CheckDuplicates(deny, first, issues);
        foreach (var (prefix, denied) in first)
        {
            if (allowed.TryGetValue(prefix, out var other))
                issues.Error(denied.Path, denied.Node, $"also allowed, by {other.Path}", "Keep one of the two",
                    other.Location);
        }
        return allow.Count + deny.Count;
    }

    // A value that was rejected was reported already.
    private static bool IsEmpty(BoundMapping list, Key<IReadOnlyList<Located<IPNetwork>>> key) =>
        list.Find(key) is not { Node: Documents.ListNode { Items.IsEmpty: false } };

    private static void CheckDuplicates(
        IReadOnlyList<Located<IPNetwork>> prefixes, Dictionary<IPNetwork, Located<IPNetwork>> first, IssueList issues)
    {
        foreach (var prefix in prefixes)
        {
            if (!first.TryAdd(prefix.Value, prefix))
                issues.Error(prefix.Path, prefix.Node,
                    $"already in this list, as {first[prefix.Value].Path}", "Keep one of the two",
                    first[prefix.Value].Location);
        }
    }
}
