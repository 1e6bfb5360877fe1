using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Warns about settings that have another effect with the managed engine.</summary>
internal static class ManagedEngineRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Node is not { } node || !IsManaged(document, node))
            return;
        if (node.Find(NodeSchema.OnExit) is { Value: ExitAction.Keep } onExit)
            issues.Warning(onExit.Path, onExit.Node,
                "the managed engine forwards in the daemon: its flow table is kept, but nothing is forwarded until the "
                + "daemon starts again",
                "Ignore this if it is intended; otherwise use the xdp engine");
    }

    private static bool IsManaged(ConfigurationDocument document, BoundMapping node) =>
        node.Value(NodeSchema.Engine) == EngineKind.Managed
        || document.Interfaces.Any(static i => i.Find(InterfaceSchema.Driver)?.Value.Engine() == EngineKind.Managed);
}
