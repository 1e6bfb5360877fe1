using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The rules between a configuration and the machine that it is for.</summary>
/// <remarks>A file is often checked on another machine than the director's. Missing interfaces show that, and a check
/// against the wrong machine would mislead. So such checks are skipped, and the warning names them.</remarks>
internal static class HostRules
{
    public static void Check(ConfigurationDocument document, HostInfo host, IssueList issues)
    {
        var missing = new List<Located<string>>();
        var present = new List<HostInterface>();
        foreach (var item in document.Interfaces)
        {
            if (item.Find(InterfaceSchema.Name) is not { } name)
                continue;
            if (host.Find(name.Value) is { } found)
                present.Add(found);
            else
                missing.Add(name);
        }
        // A machine with one of the interfaces is the director, so its addresses are the director's own.
        bool isDirector = present.Count > 0;
        foreach (var name in missing)
            Warn(name, host, isDirector, issues);
        if (isDirector)
            LocalAddressRules.Check(document, host, issues);
        // A server may be on the network of an interface that is missing or was rejected.
        if (isDirector && missing.Count == 0 && document.AllInterfacesAreNamed)
        {
            LayerTwoAdjacencyRules.Check(document, [.. present.Distinct()], issues);
            ProbeSourceRules.Check(document, [.. present.Distinct()], issues);
        }
    }

    private static void Warn(Located<string> name, HostInfo host, bool isDirector, IssueList issues)
    {
        string skippedChecks = isDirector
            ? "whether servers of layer-2 pools are on directly attached networks"
            : "whether servers of layer-2 pools are on directly attached networks, and whether a VIP or server "
                + "address is local to the director";
        string known = string.Join(", ", host.Interfaces.Select(i => i.Name));
        string remedy = SpellingSuggestion.For(name.Value, host.Interfaces.Select(i => i.Name)) is { } nearest
            ? $"Did you mean {nearest}? Otherwise check again on the director"
            : $"Check again on the director; the interfaces here are {known}";
        issues.Warning(name.Path, name.Node,
            $"no such interface on this machine, so it was not checked {skippedChecks}", remedy);
    }
}
