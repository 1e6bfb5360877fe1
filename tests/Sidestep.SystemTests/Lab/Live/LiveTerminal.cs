using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Sidestep.SystemTests.Lab.Live;

/// <summary>The live lab on a terminal of its own, a pseudo-terminal by script(1): what it shows, and keys for
/// it.</summary>
internal sealed partial class LiveTerminal : IDisposable
{
    private static readonly TimeSpan Timeout = Sidestep.Lab.ScaledTimeout.Seconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    // The arguments are words for a shell.
    public LiveTerminal(int width, int height, string arguments)
    {
        var lab = Repository.Executable("Sidestep.Lab", "sidestep-lab");
        string[] command = ["-qefc", $"stty cols {width} rows {height}; exec {lab} {arguments}", "/dev/null"];
        var start = new ProcessStartInfo("script", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["TERM"] = "xterm";
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    /// <summary>Everything that the terminal received.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>The last complete frame, without colours; empty before the first.</summary>
    public string Screen => Frames().LastOrDefault() ?? "";

    /// <summary>The id of the run; empty before the lab has printed it.</summary>
    public string RunId => RunLine().Match(Output).Groups[1].Value;

    public int ExitCode => _process.ExitCode;

    public void Press(string keys)
    {
        _process.StandardInput.Write(keys);
        _process.StandardInput.Flush();
    }

    public Task WaitForScreenAsync(string text, CancellationToken cancel)
        => WaitAsync(() => Screen.Contains(text, StringComparison.Ordinal), $"'{text}'", cancel);

    public async Task WaitForExitAsync(CancellationToken cancel)
    {
        await WaitAsync(() => _process.HasExited, "its end", cancel);
        await _reading;
    }

    public IEnumerable<string> Frames()
        => Output.Split("\e[?2026h").Skip(1).Where(f => f.Contains("\e[?2026l", StringComparison.Ordinal))
            .Select(f => ControlSequence().Replace(f[..f.IndexOf("\e[?2026l", StringComparison.Ordinal)], ""));

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task WaitAsync(Func<bool> condition, string what, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Timeout,
                $"the lab did not show {what} within {Timeout}; the last screen is\n{Screen}\nof\n{Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_output)
                _output.Append(buffer, 0, read);
        }
    }

    [GeneratedRegex(@"\e\[[?0-9;]*[A-Za-z]")]
    private static partial Regex ControlSequence();

    [GeneratedRegex(@"run ([0-9a-f]{6})")]
    private static partial Regex RunLine();
}
