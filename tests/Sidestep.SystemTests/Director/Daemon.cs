using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sidestep.SystemTests.Agent;

namespace Sidestep.SystemTests.Director;

/// <summary>One process of <c>sidestepd</c>; killed with <see cref="Dispose"/> if it still runs.</summary>
internal sealed class Daemon : IDisposable
{
    public const string Ready = "forwarding; configuration";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private bool _disposed;

    /// <summary>Starts it and waits for nothing.</summary>
    /// <param name="place">In this network namespace.</param>
    /// <param name="file">Path of the configuration.</param>
    /// <param name="wrapper">A command that it is run by, such as <c>setpriv ...</c>; it must replace itself.</param>
    public Daemon(NetworkNamespace place, string file, params string[] wrapper)
    {
        // nsenter and env replace themselves too: the process that is started is the daemon. A shell that runs the tests in
        // the background has SIGINT ignored, and so would the daemon.
        var command = place.Enter([.. wrapper, "env", "--default-signal=INT", Executable, "--config", file]);
        var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public static string Executable => Repository.Executable("Sidestep.Daemon", "sidestepd");

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything on standard error and output so far.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    /// <summary>Waits until it said this.</summary>
    public Daemon Until(string words)
    {
        Eventually.True(
            () => Said.Contains(words, StringComparison.Ordinal) || _process.HasExited,
            () => $"sidestepd did not say '{words}' but:\n{Said}",
            Patience);
        Assert.True(Said.Contains(words, StringComparison.Ordinal), $"sidestepd ended before it said '{words}':\n{Said}");
        return this;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>A signal, and its exit code when it ended in time.</summary>
    public int End(string signal = "TERM")
    {
        Shell.Run("kill", "-" + signal, Id.ToString(CultureInfo.InvariantCulture));
        return Exit();
    }

    /// <summary>Its exit code, when it ended in time.</summary>
    public int Exit()
    {
        Assert.True(_process.WaitForExit(Patience), $"sidestepd did not end; it said:\n{Said}");
        // Only this waits for the last of its output.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>May be called twice: by the test, and by its segment.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
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
