using System.Text.Json;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A process of <c>sidestep-agent run</c>.</summary>
internal sealed class AgentProcess(RealServer setup, string options)
    : ChildProcess("the agent", setup.Command("run " + options))
{
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The first report that meets a condition.</summary>
    public JsonElement WaitForReport(Func<JsonElement, bool> condition)
    {
        JsonElement report = default;
        Eventually.True(() =>
        {
            var result = setup.TryAgent("status --json");
            if (result.ExitCode != 0 || result.Output.Trim() == "{}")
                return false;
            using var document = JsonDocument.Parse(result.Output);
            report = document.RootElement.Clone();
            return condition(report);
        }, () => $"no such report; the last is {report}\nand the output is:\n{CombinedOutput}", ReportTimeout);
        return report;
    }
}
