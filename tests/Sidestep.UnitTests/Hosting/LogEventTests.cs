using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Sidestep.Agent;
using Sidestep.Daemon;
using Sidestep.Hosting;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Hosting;

/// <summary>The numbers of events are unique, and docs/log-events.md lists every event as it is logged.</summary>
public sealed class LogEventTests
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly LoggerMessageAttribute[] AgentEvents = [.. EventsOf(typeof(AgentException))];

    private static readonly LoggerMessageAttribute[] Events =
        [.. EventsOf(typeof(ServiceHost)), .. EventsOf(typeof(DirectorProgram)), .. AgentEvents];

    [Fact]
    public void Number_of_an_event_is_unique() =>
        Assert.Empty(Events.GroupBy(static e => e.EventId).Where(static g => g.Count() > 1).Select(static g => g.Key));

    [Fact]
    public void Every_event_is_listed_with_its_level_and_text()
    {
        // The queue itself logs this one, past the loggers.
        string[] expected =
        [
            "| 1 | warning | {Number} lines of the log were dropped: what reads standard error is too slow |",
            .. Events.Select(static e => string.Create(CultureInfo.InvariantCulture,
                $"| {e.EventId} | {Name(e.Level)} | {e.Message} |")),
        ];
        var listed = File.ReadAllLines(Repository.File("docs/log-events.md"))
            .Where(static l => l.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(l[2])
                && l.Split('|').Length == 5);
        Assert.Equal(expected.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    /// <summary>A log may have lines of both programs, such as a collector's.</summary>
    [Fact]
    public void Numbers_from_600_to_699_are_the_agents()
    {
        Assert.NotEmpty(AgentEvents);
        Assert.Equal(AgentEvents.Select(static e => e.EventId),
            Events.Select(static e => e.EventId).Where(static n => n is >= 600 and <= 699));
    }

    private static IEnumerable<LoggerMessageAttribute> EventsOf(Type type) => type.Assembly.GetTypes()
        .SelectMany(static t => t.GetMethods(Static))
        .Select(static m => m.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>();

    private static string Name(LogLevel level) =>
        level == LogLevel.Information ? "info" : $"{level}".ToLowerInvariant();
}
