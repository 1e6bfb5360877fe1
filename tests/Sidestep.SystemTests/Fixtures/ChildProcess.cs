using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A program that a test has started: what it says, and how it ends. <see cref="Dispose"/> kills it if it
/// still runs.</summary>
internal class ChildProcess : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = Sidestep.Lab.ScaledTimeout.Seconds(60);
    private readonly string _name;
    private readonly StringBuilder _output = new(), _errors = new(), _combined = new();
    private bool _disposed;

    /// <summary>Starts it and waits for nothing.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">More of it than the test has.</param>
    public ChildProcess(string name, IReadOnlyList<string> command, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        _name = name;
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        Process = Process.Start(start)!;
        Process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        Process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
        Process.StandardInput.Close();
    }

    public int Id => Process.Id;

    public bool HasExited => Process.HasExited;

    /// <summary>What it has said on standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>The same on standard error.</summary>
    public string Errors => Read(_errors);

    /// <summary>Both, in the order in which they came.</summary>
    public string CombinedOutput => Read(_combined);

    protected Process Process { get; }

    /// <summary>Waits until it said this.</summary>
    public void WaitFor(string text, TimeSpan? timeout = null)
    {
        Eventually.True(() => CombinedOutput.Contains(text, StringComparison.Ordinal) || HasExited, () => $"{_name} did not say '{text}' but:\n{CombinedOutput}", timeout ?? DefaultTimeout);
        // What it said last may arrive after its end was seen.
        if (HasExited)
            WaitForExit();
        Assert.True(CombinedOutput.Contains(text, StringComparison.Ordinal), $"{_name} ended before it said '{text}':\n{CombinedOutput}");
    }

    /// <summary>SIGKILL.</summary>
    public virtual void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(string signal) => Shell.Run("kill", "-" + signal, Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>None of its threads runs any more, until SIGCONT.</summary>
    public void Pause()
    {
        Signal("STOP");
        // Those on other CPUs go on for a moment.
        Eventually.True(() => Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/task"))
            .All(static t => File.ReadAllText($"{t}/stat").Split(") ")[^1].StartsWith('T')), () => $"{_name} did not stop");
    }

    /// <summary>A signal, and its exit code when it ended in time.</summary>
    public int Terminate(string signal = "TERM")
    {
        Signal(signal);
        return WaitForExit();
    }

    /// <summary>Its exit code, when it ended in time.</summary>
    public int WaitForExit()
    {
        Assert.True(Process.WaitForExit(DefaultTimeout), $"{_name} did not end; it said:\n{CombinedOutput}");
        // Only this waits for the last of its output.
        Process.WaitForExit();
        return Process.ExitCode;
    }

    /// <summary>May be called twice: by the test, and by what it started it in.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!HasExited)
            Kill();
        Process.Dispose();
    }

    private void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (_combined)
        {
            text.Append(line).Append('\n');
            _combined.Append(line).Append('\n');
        }
    }

    private string Read(StringBuilder text)
    {
        lock (_combined)
            return text.ToString();
    }
}

/// <summary>So that a test can go on with what it waited for.</summary>
internal static class ChildProcessExtensions
{
    /// <summary>Waits until it said this.</summary>
    public static T Until<T>(this T program, string text, TimeSpan? timeout = null) where T : ChildProcess
    {
        program.WaitFor(text, timeout);
        return program;
    }
}
