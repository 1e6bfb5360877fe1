namespace Sidestep.Daemon;

/// <summary>One line per event on standard error, where service managers collect it.</summary>
internal static class Log
{
    internal static void Info(string text) => Write("info", text);

    internal static void Warning(string text) => Write("warning", text);

    internal static void Error(string text) => Write("error", text);

    private static void Write(string level, string text) =>
        Console.Error.WriteLine($"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {level}: {text}");
}
