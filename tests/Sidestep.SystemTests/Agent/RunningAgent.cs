using System.Text.Json;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Agent;

/// <summary>A process of <c>sidestep-agent run</c>.</summary>
internal sealed class RunningAgent(RealServer setup, string options) : RunningProgram("the agent", setup.Command("run " + options))
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What it last reported, as soon as that meets a condition.</summary>
    public JsonElement Report(Func<JsonElement, bool> condition)
    {
        JsonElement report = default;
        Eventually.True(() =>
        {
            var result = setup.Agent("status --json");
            if (result.ExitCode != 0 || result.Output.Trim() == "{}")
                return false;
            using var document = JsonDocument.Parse(result.Output);
            report = document.RootElement.Clone();
            return condition(report);
        }, () => $"no such report; the last is {report}\nand it said:\n{Said}", Patience);
        return report;
    }
}
