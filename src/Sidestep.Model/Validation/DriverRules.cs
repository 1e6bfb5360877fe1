using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>One engine forwards for a director: the drivers of all its interfaces belong to that engine.</summary>
internal static class DriverRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Node is not { } node)
            return;
        var engine = node.Value(NodeSchema.Engine);
        var (by, source) = ($"node.engine is {engine.Name()}", engine);
        foreach (var item in document.Interfaces)
        {
            if (item.Find(InterfaceSchema.Driver) is not { } driver || driver.Value.Engine() == EngineKind.Auto)
                continue;
            if (source == EngineKind.Auto)
                (by, source) = ($"the previous interface has driver {driver.Value.Name()}", driver.Value.Engine());
            else if (driver.Value.Engine() != source)
                issues.Error(driver.Path, driver.Node,
                    $"{driver.Value.Name()} is a driver of the {driver.Value.Engine().Name()} engine, and {by}",
                    source == EngineKind.Xdp ? "Write auto, native or generic" : "Write auto, af-xdp or af-packet");
        }
    }
}
