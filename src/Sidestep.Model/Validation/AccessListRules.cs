using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>An access list says one thing of each prefix, and is no longer than the engine holds.</summary>
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
                    "Join neighbouring prefixes to shorter ones");
            if (before <= Limits.AllAccessListPrefixes && total > Limits.AllAccessListPrefixes)
                issues.Error(list.Path, list.Node.Position, null,
                    $"with this list there are more than {Limits.AllAccessListPrefixes} prefixes in all access lists together",
                    "Let services share a list, or join neighbouring prefixes to shorter ones");
            before = total;
        }
    }

    private static int CheckOne(BoundMapping list, IssueList issues)
    {
        var allow = list.Value(AccessListSchema.Allow);
        var deny = list.Value(AccessListSchema.Deny);
        if (IsEmpty(list, AccessListSchema.Allow) && IsEmpty(list, AccessListSchema.Deny)
            && list.Find(AccessListSchema.Name) is { } name)
            issues.Warning(name.Path, name.Node, "the list is empty, so everybody may use the service", "Add prefixes to it");
        var first = new Dictionary<IPNetwork, Located<IPNetwork>>();
        CheckDuplicates(allow, first, issues);
        var allowed = first;
        first = [];
        CheckDuplicates(deny, first, issues);
        foreach (var (prefix, denied) in first)
        {
            if (allowed.TryGetValue(prefix, out var other))
                issues.Error(denied.Path, denied.Node, $"also allowed, on line {other.Node.Position.Line}", "Keep one of the two");
        }
        return allow.Count + deny.Count;
    }

    // What was written and refused was reported where it stands.
    private static bool IsEmpty(BoundMapping list, Key<IReadOnlyList<Located<IPNetwork>>> key) =>
        list.Find(key) is not { Node: Yaml.ListNode { Items.IsEmpty: false } };

    private static void CheckDuplicates(
        IReadOnlyList<Located<IPNetwork>> prefixes, Dictionary<IPNetwork, Located<IPNetwork>> first, IssueList issues)
    {
        foreach (var prefix in prefixes)
        {
            if (!first.TryAdd(prefix.Value, prefix))
                issues.Error(prefix.Path, prefix.Node,
                    $"already in this list, on line {first[prefix.Value].Node.Position.Line}", "Keep one of the two");
        }
    }
}
