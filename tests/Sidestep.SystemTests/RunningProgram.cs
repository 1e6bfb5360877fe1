using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests;

/// <summary>A program that a test has started: what it says, and how it ends. <see cref="Dispose"/> kills it if it still runs.</summary>
internal class RunningProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _name;
    private readonly StringBuilder _output = new(), _errors = new(), _said = new();
    private bool _disposed;

    /// <summary>Starts it and waits for nothing.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">More of it than the test has.</param>
    public RunningProgram(string name, IReadOnlyList<string> command, params ReadOnlySpan<(string Name, string Value)> environment)
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
    public string Said => Read(_said);

    protected Process Process { get; }

    /// <summary>Waits until it said this.</summary>
    public void WaitFor(string words, TimeSpan? patience = null)
    {
        Eventually.True(() => Said.Contains(words, StringComparison.Ordinal) || HasExited, () => $"{_name} did not say '{words}' but:\n{Said}", patience ?? Patience);
        // What it said last may arrive after its end was seen.
        if (HasExited)
            Exit();
        Assert.True(Said.Contains(words, StringComparison.Ordinal), $"{_name} ended before it said '{words}':\n{Said}");
    }

    /// <summary>SIGKILL.</summary>
    public virtual void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(string signal) => Shell.Run("kill", "-" + signal, Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>A signal, and its exit code when it ended in time.</summary>
    public int End(string signal = "TERM")
    {
        Signal(signal);
        return Exit();
    }

    /// <summary>Its exit code, when it ended in time.</summary>
    public int Exit()
    {
        Assert.True(Process.WaitForExit(Patience), $"{_name} did not end; it said:\n{Said}");
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
        lock (_said)
        {
            text.Append(line).Append('\n');
            _said.Append(line).Append('\n');
        }
    }

    private string Read(StringBuilder text)
    {
        lock (_said)
            return text.ToString();
    }
}

/// <summary>So that a test can go on with what it waited for.</summary>
internal static class RunningPrograms
{
    /// <summary>Waits until it said this.</summary>
    public static T Until<T>(this T program, string words, TimeSpan? patience = null) where T : RunningProgram
    {
        program.WaitFor(words, patience);
        return program;
    }
}
