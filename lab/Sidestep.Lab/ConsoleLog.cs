namespace Sidestep.Lab;

/// <summary>Writes progress and errors to standard error. Standard output is for results.</summary>
internal static class ConsoleLog
{
    public static void Progress(string message) => Console.Error.WriteLine($"lab: {message}");

    public static void Error(string message) => Console.Error.WriteLine($"sidestep-lab: {message}");
}
