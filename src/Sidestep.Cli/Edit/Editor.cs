using System.Diagnostics;

namespace Sidestep.Cli.Edit;

/// <summary>The editor of the person who runs the command: <c>$VISUAL</c>, <c>$EDITOR</c>, or vi.</summary>
internal static class Editor
{
    private static readonly string[] Variables = ["VISUAL", "EDITOR"];

    /// <summary>Opens a file, and waits until the editor ends.</summary>
    /// <exception cref="IOException">The editor cannot be started, or fails.</exception>
    internal static void Open(string path)
    {
        string editor = Variables.Select(Environment.GetEnvironmentVariable)
            .FirstOrDefault(static e => !string.IsNullOrWhiteSpace(e)) ?? "vi";
        // The variable may have arguments, as in "code --wait".
        var start = new ProcessStartInfo("sh");
        string[] arguments = ["-c", editor + " \"$1\"", "sh", path];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new IOException("sh cannot be started");
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"the editor '{editor}' ended with exit code {process.ExitCode}: set $EDITOR to "
                + "the one that you use");
        }
    }
}
