namespace Sidestep.Daemon.Events;

/// <summary>VIP conflicts, and multicast addresses of VIPs: events 500 to 599.</summary>
internal static partial class VipEvents
{
    [LoggerMessage(500, LogLevel.Warning, "{Conflict}")]
    public static partial void ConflictBegan(this ILogger logger, string conflict);

    [LoggerMessage(501, LogLevel.Information, "{Host} no longer answers for the VIP {Vip}")]
    public static partial void ConflictEnded(this ILogger logger, string host, System.Net.IPAddress vip);

    [LoggerMessage(502, LogLevel.Warning, "VIP conflict detection: {Problem}")]
    public static partial void ConflictDetectionProblem(this ILogger logger, string problem);

    [LoggerMessage(510, LogLevel.Warning, "{Problem}")]
    public static partial void MulticastProblem(this ILogger logger, string problem);

    [LoggerMessage(511, LogLevel.Warning, "multicast addresses of IPv6 VIPs not updated: {Reason}")]
    public static partial void MulticastNotUpdated(this ILogger logger, string reason);
}
