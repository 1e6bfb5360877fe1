namespace Sidestep.Cli.Contexts;

/// <summary>Reads secrets, which must not be arguments: other users of the machine see those.</summary>
internal static class SecretInput
{
    /// <summary>Reads a password: from the terminal without showing it, otherwise the first line of standard
    /// input.</summary>
    /// <param name="prompt">What to ask for.</param>
    /// <param name="error">Where to ask.</param>
    internal static string Read(string prompt, TextWriter error)
    {
        if (Console.IsInputRedirected)
            return Console.In.ReadLine() ?? "";
        error.Write(prompt + ": ");
        var text = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                text.Length = Math.Max(0, text.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                text.Append(key.KeyChar);
        }
        error.WriteLine();
        return text.ToString();
    }

    /// <summary>Reads the first line of a file, or of standard input if it is <c>-</c>.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static string ReadFile(string path)
    {
        using var reader = path == "-" ? Console.In : new StreamReader(path);
        return reader.ReadLine()?.Trim() ?? "";
    }
}
