namespace Sidestep.Lab;

/// <summary>Progress and errors go to standard error: standard output belongs to results.</summary>
internal static class ConsoleLog
{
    public static void Progress(string message) => Console.Error.WriteLine($"lab: {message}");

    public static void Error(string message) => Console.Error.WriteLine($"sidestep-lab: {message}");
}
