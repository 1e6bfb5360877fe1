using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Prints a report that only a running daemon has.</summary>
internal static class DaemonReport
{
    /// <summary>Reads and prints the report.</summary>
    /// <param name="director">The director.</param>
    /// <param name="read">Reads the report; null: no daemon runs. Throws <see cref="EngineException"/> if it does not
    /// respond.</param>
    /// <param name="json">The contract of the JSON output; null: print text.</param>
    /// <param name="write">Prints the text.</param>
    /// <param name="console">Where to print.</param>
    /// <returns>The exit code.</returns>
    internal static int Print<T>(DirectorTarget director, Func<DirectorTarget, T?> read, JsonTypeInfo<T>? json,
        Action<T, TextWriter> write, InvocationConfiguration console) where T : class
    {
        try
        {
            if (read(director) is not { } report)
            {
                console.Error.WriteLine($"error: no sidestepd runs for the director '{director.Name}' on this machine. "
                    + "Start it, or select another director with --config, --name and --pin-path.");
                return ExitCode.Failed;
            }
            if (json is not null)
                console.Output.WriteLine(JsonSerializer.Serialize(report, json));
            else
                write(report, console.Output);
            return ExitCode.Ok;
        }
        catch (EngineException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
