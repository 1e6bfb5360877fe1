using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Sidestep.SystemTests;

/// <summary>The lab as its user starts it: a process with words, an exit code, and time that runs out.</summary>
internal sealed partial class LabProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private LabProcess(Process process) => _process = process;

    /// <summary>What it has said on standard error so far: its progress.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
                return _errors.ToString();
        }
    }

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>The id of the run, which the names of all that it makes hold; null until it has one.</summary>
    public string? RunId => RunLine().Match(Errors) is { Success: true } match ? match.Groups[1].Value : null;

    public static LabProcess Start(params IEnumerable<string> arguments) => StartWith([], arguments);

    private static LabProcess StartWith(IEnumerable<(string Name, string Value)> environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Repository.Lab) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var lab = new LabProcess(Process.Start(start)!);
        lab._process.OutputDataReceived += (_, line) => Append(lab._output, line.Data);
        lab._process.ErrorDataReceived += (_, line) => Append(lab._errors, line.Data);
        lab._process.BeginOutputReadLine();
        lab._process.BeginErrorReadLine();
        lab._process.StandardInput.Close();
        return lab;
    }

    /// <summary>Runs the lab to its end.</summary>
    public static async Task<LabProcess> RunAsync(CancellationToken cancel, params IEnumerable<string> arguments)
    {
        var lab = Start(arguments);
        await lab.EndAsync(cancel);
        return lab;
    }

    /// <summary>The same, with something in its environment.</summary>
    public static async Task<LabProcess> RunAsync((string Name, string Value) environment, CancellationToken cancel, params IEnumerable<string> arguments)
    {
        var lab = StartWith([environment], arguments);
        await lab.EndAsync(cancel);
        return lab;
    }

    public int ExitCode => _process.ExitCode;

    public async Task EndAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            Assert.Fail($"The lab did not end within {Limit.TotalMinutes} minutes. It said:\n{Errors}");
        }
    }

    public async Task SaysAsync(string words, TimeSpan limit, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!Errors.Contains(words, StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited, $"The lab ended before it said '{words}'. It said:\n{Errors}");
            Assert.True(watch.Elapsed < limit, $"The lab did not say '{words}' within {limit}. It said:\n{Errors}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }
    }

    /// <summary>SIGKILL, and to the lab alone: what it started lives on.</summary>
    public void Kill() => _process.Kill(entireProcessTree: false);

    public void Dispose() => _process.Dispose();

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            if (line is not null)
                text.AppendLine(line);
        }
    }

    [GeneratedRegex(@"run ([0-9a-f]+):")]
    private static partial Regex RunLine();
}
