namespace Sidestep.Daemon.Events;

/// <summary>Tables, interfaces and next hops: events 200 to 299.</summary>
internal static partial class TableEvents
{
    [LoggerMessage(200, LogLevel.Information, "{Summary}")]
    public static partial void Applied(this ILogger logger, string summary);

    [LoggerMessage(201, LogLevel.Error, "keeping the previous configuration: {Reason}")]
    public static partial void NotApplied(this ILogger logger, string reason);

    [LoggerMessage(202, LogLevel.Warning, "{Problem}")]
    public static partial void Degraded(this ILogger logger, string problem);

    [LoggerMessage(210, LogLevel.Information, "attached to {Name} ({Driver})")]
    public static partial void Attached(this ILogger logger, string name, string? driver);

    [LoggerMessage(211, LogLevel.Warning, "{Note}")]
    public static partial void SlowerDriver(this ILogger logger, string note);

    [LoggerMessage(212, LogLevel.Error, "not attached, nothing is received there: {Reason}")]
    public static partial void NotAttached(this ILogger logger, string reason);

    [LoggerMessage(220, LogLevel.Warning, "no next hop, server takes no traffic: {Server}")]
    public static partial void NoNextHop(this ILogger logger, string server);

    [LoggerMessage(221, LogLevel.Warning, "{Problem}")]
    public static partial void NextHopProblem(this ILogger logger, string problem);

    [LoggerMessage(230, LogLevel.Warning, "{Problem}")]
    public static partial void EngineProblem(this ILogger logger, string problem);

    [LoggerMessage(231, LogLevel.Warning, "{Problem}")]
    public static partial void FragmentationProblem(this ILogger logger, string problem);

    [LoggerMessage(240, LogLevel.Warning, "{Part} was gone, and is restored")]
    public static partial void Restored(this ILogger logger, string part);
}
