using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>What the managed engine lacks is refused before anything is applied.</summary>
internal static class ManagedEngineCan
{
    public static void Check(Document document, IssueList issues)
    {
        if (document.Director is not { } director || !IsManaged(document, director))
            return;
        if (director.Find(DirectorSchema.OnExit) is { Value: ExitAction.Keep } onExit)
            issues.Error(onExit.Path, onExit.Node, "the managed engine forwards in the daemon itself, and nothing stays when it ends",
                "Write onExit: remove, or use the xdp engine");
    }

    private static bool IsManaged(Document document, BoundMapping director) => director.Value(DirectorSchema.Engine) == EngineKind.Managed
        || document.Interfaces.Any(static i => i.Find(InterfaceSchema.Driver)?.Value.Engine() == EngineKind.Managed);
}
