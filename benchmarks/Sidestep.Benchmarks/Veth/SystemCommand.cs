using System.ComponentModel;
using System.Diagnostics;

namespace Sidestep.Benchmarks.Veth;

/// <summary>Runs a program of the system to its end.</summary>
internal static class SystemCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs a command and returns its standard output.</summary>
    /// <exception cref="BenchmarkException">The program is not installed, failed, or did not end; contains its error
    /// output.</exception>
    internal static string Run(IReadOnlyList<string> command, string input = "")
    {
        var (ended, output, error) = Try(command, input);
        return ended ? output : throw new BenchmarkException($"{string.Join(' ', command)}: {error.Trim()}");
    }

    /// <summary>Runs a command; succeeded means that it ended with exit code 0.</summary>
    internal static (bool Succeeded, string Output, string Error) Try(IReadOnlyList<string> command, string input = "")
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (process.WaitForExit(Timeout))
                return (process.ExitCode == 0, output.Result, error.Result);
            process.Kill();
            return (false, "", $"it did not end within {Timeout.TotalSeconds} s");
        }
        catch (Win32Exception)
        {
            return (false, "", "it is not installed");
        }
    }
}

/// <summary>The reason why a benchmark cannot run.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
