using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Agent;

/// <summary>A process of <c>sidestep-agent run</c>; killed with <see cref="Dispose"/> if it still runs.</summary>
internal sealed class RunningAgent : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly RealServer _setup;
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    public RunningAgent(RealServer setup, string options)
    {
        _setup = setup;
        _process = Shell.Start(setup.Command("run " + options));
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public bool HasExited => _process.HasExited;

    public RunningAgent Until(string words)
    {
        Eventually.True(() => Said.Contains(words, StringComparison.Ordinal) || _process.HasExited, () => $"the agent did not say '{words}' but:\n{Said}", Patience);
        Assert.Contains(words, Said, StringComparison.Ordinal);
        return this;
    }

    /// <summary>What it last reported, as soon as that meets a condition.</summary>
    public JsonElement Report(Func<JsonElement, bool> condition)
    {
        JsonElement report = default;
        Eventually.True(() =>
        {
            var result = _setup.Agent("status --json");
            if (result.ExitCode != 0 || result.Output.Trim() == "{}")
                return false;
            using var document = JsonDocument.Parse(result.Output);
            report = document.RootElement.Clone();
            return condition(report);
        }, () => $"no such report; the last is {report}\nand it said:\n{Said}", Patience);
        return report;
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public int End()
    {
        Shell.Run("kill", "-TERM", _process.Id.ToString(CultureInfo.InvariantCulture));
        Assert.True(_process.WaitForExit(Patience), $"the agent did not end; it said:\n{Said}");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }

    private void Append(string? line)
    {
        if (line is null)
            return;
        lock (_said)
            _said.Append(line).Append('\n');
    }
}
