using System.Globalization;

namespace Sidestep.Daemon;

/// <summary>The daemon's log: one line per event, with the time in UTC (ISO 8601) and the level.</summary>
/// <remarks>Threads may log at the same time if the writer is synchronised, as <see cref="Console.Error"/>
/// is.</remarks>
/// <param name="writer">Standard error, where service managers collect it.</param>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class Log(TextWriter writer, TimeProvider time)
{
    /// <summary>Logs an event of normal operation.</summary>
    internal void Info(string text) => Write("info", text);

    /// <summary>Logs something that an operator should look at, while packets are forwarded.</summary>
    internal void Warning(string text) => Write("warning", text);

    /// <summary>Logs an error: what the daemon could not do, and why.</summary>
    internal void Error(string text) => Write("error", text);

    private void Write(string level, string text) => writer.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level}: {text}"));
}
