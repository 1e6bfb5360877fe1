using System.Diagnostics;

namespace Sidestep.SystemTests.Cli;

/// <summary><c>sidestep top</c> on a terminal, which script(1) makes.</summary>
public sealed class TopTests(RunningDaemon running) : IClassFixture<RunningDaemon>
{
    private const string Enter = "\x1b[?1049h", Leave = "\x1b[?25h\x1b[?1049l";

    [Fact]
    public void Keys_change_the_screen_and_q_restores_the_terminal()
    {
        using var top = new Terminal(Command());
        top.WaitFor("echo");
        Assert.Contains(Enter, top.Output, StringComparison.Ordinal);
        top.Press("\t");
        top.WaitFor("server2");
        top.Press("\t");
        top.WaitFor("no-service");
        top.Press("q");
        Assert.Equal(0, top.WaitForExit());
        Assert.EndsWith(Leave, top.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Signal_restores_the_terminal()
    {
        using var top = new Terminal("timeout --foreground --signal TERM 3 " + Command());
        top.WaitForExit();
        Assert.Contains("echo", top.Output, StringComparison.Ordinal);
        Assert.EndsWith(Leave, top.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_there_is_an_error()
    {
        var result = Shell.Try("sh", "-c", Command() + " </dev/null");
        Assert.Equal((2, "error: top needs a terminal: use sidestep status --json in programs\n"),
            (result.ExitCode, result.Error));
    }

    private string Command() => string.Join(' ', [Repository.Executable("Sidestep.Cli", "sidestep"), "top", "--name",
        running.Segment.File.Name, "--pin-path", running.Segment.File.PinPath]);

    /// <summary>A program on a terminal of 80 columns and 24 lines.</summary>
    private sealed class Terminal : IDisposable
    {
        private readonly Process _process;
        private readonly System.Text.StringBuilder _output = new();
        private readonly Task _reading;

        internal Terminal(string command)
        {
            var start = new ProcessStartInfo("script")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            foreach (string argument in new[] { "-qefc", "stty cols 80 rows 24; exec " + command, "/dev/null" })
                start.ArgumentList.Add(argument);
            start.Environment["TERM"] = "xterm";
            _process = Process.Start(start)!;
            _reading = Task.Run(() =>
            {
                char[] buffer = new char[4096];
                int read;
                while ((read = _process.StandardOutput.Read(buffer)) > 0)
                {
                    lock (_output)
                        _output.Append(buffer, 0, read);
                }
            });
        }

        internal string Output
        {
            get
            {
                lock (_output)
                    return _output.ToString();
            }
        }

        internal void WaitFor(string text) => Eventually.True(() => Output.Contains(text, StringComparison.Ordinal),
            () => $"'{text}' is not on the screen:\n{Output}");

        internal void Press(string keys)
        {
            _process.StandardInput.Write(keys);
            _process.StandardInput.Flush();
        }

        internal int WaitForExit()
        {
            Assert.True(_process.WaitForExit(TimeSpan.FromMinutes(1)), Output);
            _reading.Wait(TimeSpan.FromSeconds(30));
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }
    }
}
