namespace Sidestep.Daemon.Events;

/// <summary>The daemon's start and end, and its configuration: events 100 to 199.</summary>
internal static partial class StartEvents
{
    [LoggerMessage(100, LogLevel.Error, "{Reason}")]
    public static partial void CannotRun(this ILogger logger, string reason);

    [LoggerMessage(101, LogLevel.Information, "forwarding; configuration {Path}")]
    public static partial void Forwarding(this ILogger logger, string path);

    [LoggerMessage(102, LogLevel.Information, "{Text}")]
    public static partial void Stopped(this ILogger logger, string text);

    [LoggerMessage(103, LogLevel.Information, "detached, everything removed (onExit: remove)")]
    public static partial void Removed(this ILogger logger);

    [LoggerMessage(104, LogLevel.Information, "{Note}")]
    public static partial void EngineNote(this ILogger logger, string note);

    [LoggerMessage(110, LogLevel.Warning, "{Warning}")]
    public static partial void ConfigurationWarning(this ILogger logger, string warning);

    [LoggerMessage(111, LogLevel.Error, "{Error}")]
    public static partial void ConfigurationError(this ILogger logger, string error);

    [LoggerMessage(112, LogLevel.Information, "the configuration changed")]
    public static partial void ConfigurationChanged(this ILogger logger);

    [LoggerMessage(113, LogLevel.Error,
        "the changed configuration is not applied: keeping the previous configuration")]
    public static partial void ConfigurationRejected(this ILogger logger);

    [LoggerMessage(114, LogLevel.Warning, "{Path}: changes are noticed within seconds instead of at once: {Problem}")]
    public static partial void NoFileNotifications(this ILogger logger, string path, string problem);

    [LoggerMessage(115, LogLevel.Warning, "{Problem}")]
    public static partial void OperationalStateProblem(this ILogger logger, string problem);

    [LoggerMessage(116, LogLevel.Error, "{Problem}")]
    public static partial void ConfigurationUnreadable(this ILogger logger, string problem);

    [LoggerMessage(117, LogLevel.Information, "revision {Number} of {Author} was accepted: {Reason}")]
    public static partial void RevisionAccepted(this ILogger logger, long number, string author, string reason);

    [LoggerMessage(119, LogLevel.Information, "override of {Pool}/{Server} by {Author}: {Text}")]
    public static partial void OverrideChanged(this ILogger logger, string pool, string server, string author,
        string text);

    [LoggerMessage(118, LogLevel.Warning, "{Problem}")]
    public static partial void RevisionStoreProblem(this ILogger logger, string problem);

    [LoggerMessage(120, LogLevel.Error, "{Name} failed unexpectedly; it is tried again, and everything else continues")]
    public static partial void FailedUnexpectedly(this ILogger logger, Exception fault, string name);
}
