using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What the managed engine does in another way is said before anything is applied.</summary>
internal static class ManagedEngineRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Director is not { } director || !IsManaged(document, director))
            return;
        if (director.Find(DirectorSchema.OnExit) is { Value: ExitAction.Keep } onExit)
            issues.Warning(onExit.Path, onExit.Node,
                "the managed engine forwards in the daemon itself: what it remembers is kept, and from its end to the next start nothing is forwarded",
                "Nothing, if that is meant; otherwise use the xdp engine");
    }

    private static bool IsManaged(ConfigurationDocument document, BoundMapping director) => director.Value(DirectorSchema.Engine) == EngineKind.Managed
        || document.Interfaces.Any(static i => i.Find(InterfaceSchema.Driver)?.Value.Engine() == EngineKind.Managed);
}
