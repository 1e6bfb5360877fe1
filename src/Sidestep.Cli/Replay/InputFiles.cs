using Sidestep.Model;

namespace Sidestep.Cli.Replay;

/// <summary>The input files of replay and trace.</summary>
internal static class InputFiles
{
    /// <summary>Reads a configuration; null if it cannot be used, which was reported, with the exit code for
    /// that.</summary>
    internal static (Configuration? Configuration, int Code) Read(string path, TextWriter error)
    {
        var file = ConfigurationFile.Read(path);
        if (file.Text is not { } text)
        {
            error.WriteLine($"{file.Name}: error: {file.Problem}");
            return (null, ExitCode.Unusable);
        }
        var result = ConfigurationReader.Read(text, null);
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(file.Name, "error"));
        return (result.Configuration, ExitCode.Failed);
    }

    /// <summary>Opens a capture file, or standard input for <c>-</c>.</summary>
    internal static Stream Open(string path) => path == "-"
        ? Console.OpenStandardInput()
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0,
            FileOptions.SequentialScan);
}
