namespace Sidestep.Agent.Events;

/// <summary>The spec file and the stored spec: events 620 to 639.</summary>
internal static partial class SpecEvents
{
    [LoggerMessage(620, LogLevel.Information, "continuing with the last spec, revision {Revision}, stored {Time}")]
    public static partial void LastSpecUsed(this ILogger logger, long revision, string time);

    [LoggerMessage(621, LogLevel.Warning, "{Problem}")]
    public static partial void LastSpecDamaged(this ILogger logger, string problem);

    [LoggerMessage(622, LogLevel.Error, "{Problem} The agent keeps the last valid spec.")]
    public static partial void SpecFileInvalid(this ILogger logger, string problem);

    [LoggerMessage(623, LogLevel.Information, "SIGHUP: {Path} is read again")]
    public static partial void SpecFileReread(this ILogger logger, string path);
}
