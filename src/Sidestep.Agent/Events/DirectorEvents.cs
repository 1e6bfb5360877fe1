namespace Sidestep.Agent.Events;

/// <summary>The directors: events 640 to 659.</summary>
internal static partial class DirectorEvents
{
    [LoggerMessage(640, LogLevel.Information, "{Url} responds")]
    public static partial void DirectorResponds(this ILogger logger, string url);

    [LoggerMessage(641, LogLevel.Warning, "{Reason}. The agent continues with its last spec.")]
    public static partial void DirectorLost(this ILogger logger, string reason);

    [LoggerMessage(642, LogLevel.Warning, "the director did not accept the report: {Reason}")]
    public static partial void ReportRejected(this ILogger logger, string reason);

    [LoggerMessage(643, LogLevel.Warning, "admin state not sent: {Reason}")]
    public static partial void AdminStateNotSent(this ILogger logger, string reason);

    [LoggerMessage(644, LogLevel.Information, "SIGHUP: certificates reloaded")]
    public static partial void CertificatesReloaded(this ILogger logger);

    [LoggerMessage(645, LogLevel.Error, "{Problem} The agent keeps the previous certificates.")]
    public static partial void CertificatesInvalid(this ILogger logger, string problem);

    [LoggerMessage(646, LogLevel.Information, "certificate for {Director} renewed")]
    public static partial void CertificateRenewed(this ILogger logger, string director);

    [LoggerMessage(647, LogLevel.Warning, "certificate for {Director} not renewed: {Reason}. It is tried again in an "
        + "hour.")]
    public static partial void CertificateNotRenewed(this ILogger logger, string director, string reason);
}
