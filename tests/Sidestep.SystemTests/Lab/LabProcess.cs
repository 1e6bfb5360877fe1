using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sidestep.SystemTests.Lab;

/// <summary>The lab as a user starts it: a process with output, an exit code and a timeout.</summary>
internal sealed partial class LabProcess : ChildProcess
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(6);

    private LabProcess(IEnumerable<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
        : base("the lab", [Repository.Executable("Sidestep.Lab", "sidestep-lab"), .. arguments], environment)
    {
    }

    /// <summary>The id of the run, which is part of all names that it creates; null until the lab has printed
    /// it.</summary>
    public string? RunId => RunLine().Match(Errors) is { Success: true } match ? match.Groups[1].Value : null;

    public int ExitCode => Process.ExitCode;

    public static LabProcess Start(params IEnumerable<string> arguments) => new(arguments);

    /// <summary>Runs the lab to its end.</summary>
    public static async Task<LabProcess> RunAsync(CancellationToken cancel, params IEnumerable<string> arguments)
    {
        var lab = Start(arguments);
        await lab.WaitForExitAsync(cancel);
        return lab;
    }

    /// <summary>The same, with an environment variable.</summary>
    public static async Task<LabProcess> RunAsync((string Name, string Value) environment, CancellationToken cancel,
        params IEnumerable<string> arguments)
    {
        var lab = new LabProcess(arguments, environment);
        await lab.WaitForExitAsync(cancel);
        return lab;
    }

    public async Task WaitForExitAsync(CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(Timeout);
        try
        {
            await Process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            Assert.Fail($"The lab did not end within {Timeout.TotalMinutes} minutes. It said:\n{Errors}");
        }
    }

    public async Task WaitForOutputAsync(string text, TimeSpan timeout, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!Errors.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(HasExited, $"The lab ended before it said '{text}'. It said:\n{Errors}");
            Assert.True(watch.Elapsed < timeout, $"The lab did not say '{text}' within {timeout}. It said:\n{Errors}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }
    }

    /// <summary>Sends SIGKILL to the lab only: its processes keep running. Does not wait.</summary>
    public override void Kill() => Process.Kill();

    [GeneratedRegex(@"run ([0-9a-f]+):")]
    private static partial Regex RunLine();
}
