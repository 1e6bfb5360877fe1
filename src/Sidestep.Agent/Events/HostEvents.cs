namespace Sidestep.Agent.Events;

/// <summary>The host and what is done to it: events 600 to 619.</summary>
internal static partial class HostEvents
{
    [LoggerMessage(601, LogLevel.Information, "spec revision {Revision} applied: {Summary}")]
    public static partial void SpecApplied(this ILogger logger, long revision, string summary);

    [LoggerMessage(602, LogLevel.Information, "{Change}")]
    public static partial void HostChanged(this ILogger logger, string change);

    [LoggerMessage(603, LogLevel.Warning, "drift: {Setting} was {Found}; repaired ({Repair})")]
    public static partial void DriftRepaired(this ILogger logger, string setting, string found, string repair);

    [LoggerMessage(604, LogLevel.Error, "{Setting} is {Found} and cannot be repaired: {Reason}")]
    public static partial void RepairFailed(this ILogger logger, string setting, string found, string reason);

    [LoggerMessage(605, LogLevel.Warning, "{Setting}: another program changed it {Times} times within {Seconds} s. "
        + "The agent does not repair it for {Minutes} minutes: find the other program, and let only one of the two "
        + "manage it.")]
    public static partial void RepairsSuspended(this ILogger logger, string setting, int times, int seconds,
        int minutes);

    [LoggerMessage(606, LogLevel.Error, "the spec does not fit this host: {Problem}")]
    public static partial void SpecInvalid(this ILogger logger, string problem);

    [LoggerMessage(607, LogLevel.Error, "cannot reconcile: {Reason}")]
    public static partial void PassFailed(this ILogger logger, string reason);

    [LoggerMessage(608, LogLevel.Error, "cannot make a report: {Reason}")]
    public static partial void ReportFailed(this ILogger logger, string reason);

    [LoggerMessage(609, LogLevel.Error, "files of --persist not written: {Problem}")]
    public static partial void PersistenceFailed(this ILogger logger, string problem);
}
