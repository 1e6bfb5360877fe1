using System.Diagnostics;

namespace Sidestep.Testing;

/// <summary>Runs a program to its end, within a time limit.</summary>
internal static class Shell
{
    /// <summary>Only a program that hangs exceeds this, even on a machine that is many times slower than
    /// usual.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    /// <summary>Fails the test unless the program exits with 0.</summary>
    public static string Run(params string[] command)
    {
        var result = Try(command);
        Assert.True(result.ExitCode == 0,
            $"{string.Join(' ', command)}: exit {result.ExitCode}\n{result.Output}{result.Error}");
        return result.Output;
    }

    public static Result Try(params string[] command)
    {
        using var process = Start(command);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Timeout))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', command)}: still running after {Timeout.TotalSeconds} s");
        }
        return new Result(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs a program that reads a text from standard input.</summary>
    public static Result TryWithInput(string input, params string[] command)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, input);
            return Try(["sh", "-c", "exec \"$@\" < \"$0\"", file, .. command]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static Process Start(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    internal sealed record Result(int ExitCode, string Output, string Error);
}
