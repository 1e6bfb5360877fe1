using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A program that a test has started: its output and its exit. <see cref="Dispose"/> kills it if it still
/// runs.</summary>
internal class ChildProcess : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = Sidestep.Lab.ScaledTimeout.Seconds(60);
    private readonly string _name;
    private readonly StringBuilder _output = new(), _errors = new(), _combined = new();
    private bool _disposed;

    /// <summary>Starts the program without waiting.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Variables in addition to those of the test.</param>
    public ChildProcess(string name, IReadOnlyList<string> command,
        params ReadOnlySpan<(string Name, string Value)> environment)
    {
        _name = name;
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
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

    /// <summary>Its standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>Its standard error so far.</summary>
    public string Errors => Read(_errors);

    /// <summary>Both, in the order of arrival.</summary>
    public string CombinedOutput => Read(_combined);

    protected Process Process { get; }

    /// <summary>Waits until its output contains a text.</summary>
    public void WaitFor(string text, TimeSpan? timeout = null)
    {
        Eventually.True(() => CombinedOutput.Contains(text, StringComparison.Ordinal) || HasExited, () =>
            $"no '{text}' in the output of {_name}:\n{CombinedOutput}", timeout ?? DefaultTimeout);
        // The last output may arrive after the exit.
        if (HasExited)
            WaitForExit();
        Assert.True(CombinedOutput.Contains(text, StringComparison.Ordinal),
            $"{_name} ended without the output '{text}':\n{CombinedOutput}");
    }

    /// <summary>SIGKILL.</summary>
    public virtual void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(string signal) => Shell.Run("kill", "-" + signal, Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Stops all its threads until SIGCONT.</summary>
    public void Pause()
    {
        Signal("STOP");
        // Threads on other CPUs run for a moment longer.
        Eventually.True(() => Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/task"))
            .All(static t => File.ReadAllText($"{t}/stat").Split(") ")[^1].StartsWith('T')), () =>
            $"{_name} did not stop");
    }

    /// <summary>Sends a signal and returns the exit code; fails when the program does not end in time.</summary>
    public int Terminate(string signal = "TERM")
    {
        Signal(signal);
        return WaitForExit();
    }

    /// <summary>Returns the exit code; fails when the program does not end in time.</summary>
    public int WaitForExit()
    {
        Assert.True(Process.WaitForExit(DefaultTimeout), $"{_name} did not end; its output:\n{CombinedOutput}");
        // Only this overload waits for the end of the output.
        Process.WaitForExit();
        return Process.ExitCode;
    }

    /// <summary>May be called twice: by the test, and by the fixture that started the program.</summary>
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

/// <summary>Waiting that returns the program.</summary>
internal static class ChildProcessExtensions
{
    /// <summary>Waits until its output contains a text.</summary>
    public static T Until<T>(this T program, string text, TimeSpan? timeout = null) where T : ChildProcess
    {
        program.WaitFor(text, timeout);
        return program;
    }
}
