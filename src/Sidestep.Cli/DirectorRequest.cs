using System.CommandLine;
using Sidestep.Api;

namespace Sidestep.Cli;

/// <summary>Runs commands that ask the daemon of a director, and prints its errors.</summary>
/// <param name="connect">Makes a client of the director.</param>
internal sealed class DirectorRequest(Func<DirectorTarget, DirectorClient> connect)
{
    /// <summary>Runs a command about a configuration file, which selects the director if the options do not.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">Path of the file; <c>-</c>: standard input.</param>
    /// <param name="options">Select the director.</param>
    /// <param name="run">Gets the text of the file, sends requests, prints and returns the exit code.</param>
    internal int RunWithFile(ParseResult parsed, string path, DirectorOptions options,
        Func<DirectorClient, string, Task<int>> run)
    {
        var console = parsed.InvocationConfiguration;
        var read = ConfigurationFile.Read(path);
        if (read.Text is { } text)
            return Run(options.Read(parsed, text), read.Name, console, client => run(client, text));
        console.Error.WriteLine($"{read.Name}: error: {read.Problem}");
        return ExitCode.Unusable;
    }

    /// <summary>Runs a command.</summary>
    /// <param name="director">The director; null: it is unknown, which was reported.</param>
    /// <param name="file">Name of the document whose errors the director may send; null: none.</param>
    /// <param name="console">Where to print errors.</param>
    /// <param name="run">Sends requests, prints and returns the exit code.</param>
    internal int Run(DirectorTarget? director, string? file, InvocationConfiguration console,
        Func<DirectorClient, Task<int>> run)
    {
        if (director is null)
            return ExitCode.Unusable;
        try
        {
            using var client = connect(director);
            return run(client).GetAwaiter().GetResult();
        }
        catch (DirectorException e) when (e.Problem is { Errors: { IsDefaultOrEmpty: false } errors })
        {
            foreach (var error in errors)
                console.Error.WriteLine(file is null ? $"error: {IssueText.Of(error)}"
                    : IssueText.Of(error, file, "error"));
            return ExitCode.Failed;
        }
        catch (DirectorException e) when (e.Problem is { } problem)
        {
            console.Error.WriteLine($"error: {problem.Detail}");
            foreach (string user in problem.UsedBy ?? [])
                console.Error.WriteLine($"  {user}");
            return problem.Status < 500 ? ExitCode.Failed : ExitCode.Unusable;
        }
        catch (DirectorException e) when (e.HasNoListener && director.Context is null)
        {
            console.Error.WriteLine($"error: no sidestepd runs for the director '{director.Name}' on this machine. "
                + "Start it, or select another director with --config, --name and --pin-path.");
            return ExitCode.Failed;
        }
        catch (DirectorException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
