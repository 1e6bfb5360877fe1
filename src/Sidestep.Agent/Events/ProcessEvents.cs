namespace Sidestep.Agent.Events;

/// <summary>The process of the agent: events 660 to 699.</summary>
internal static partial class ProcessEvents
{
    [LoggerMessage(660, LogLevel.Information, "{Signal}: stopping; the host keeps its configuration")]
    public static partial void Stopping(this ILogger logger, string signal);

    [LoggerMessage(661, LogLevel.Warning, "{Problem}")]
    public static partial void OperatorConnectionFailed(this ILogger logger, string problem);

    [LoggerMessage(662, LogLevel.Error, "{Name} failed unexpectedly; it is tried again, and everything else continues")]
    public static partial void FailedUnexpectedly(this ILogger logger, Exception fault, string name);
}
