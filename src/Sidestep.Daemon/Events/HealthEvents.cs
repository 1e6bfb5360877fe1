namespace Sidestep.Daemon.Events;

/// <summary>Health of real servers: events 300 to 399.</summary>
internal static partial class HealthEvents
{
    [LoggerMessage(300, LogLevel.Information, "{Server}: marked up")]
    public static partial void MarkedUp(this ILogger logger, string server);

    [LoggerMessage(301, LogLevel.Warning, "{Server}: marked down: {Reason}")]
    public static partial void MarkedDown(this ILogger logger, string server, string reason);

    [LoggerMessage(302, LogLevel.Warning,
        "{Number} more servers were marked up or down: sidestep status lists all")]
    public static partial void MoreMarked(this ILogger logger, int number);

    [LoggerMessage(303, LogLevel.Warning, "{Problem}")]
    public static partial void PanicBegan(this ILogger logger, string problem);

    [LoggerMessage(304, LogLevel.Information, "{Group} is no longer in panic mode")]
    public static partial void PanicEnded(this ILogger logger, string group);

    [LoggerMessage(310, LogLevel.Warning, "{Problem}")]
    public static partial void ProbeRoutingProblem(this ILogger logger, string problem);

    [LoggerMessage(311, LogLevel.Warning, "{Problem}")]
    public static partial void IcmpErrorProblem(this ILogger logger, string problem);

    [LoggerMessage(320, LogLevel.Warning, "{Problem}")]
    public static partial void HealthFileProblem(this ILogger logger, string problem);
}
