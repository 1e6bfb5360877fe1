namespace Sidestep.Daemon.Events;

/// <summary>The API: events 400 to 499.</summary>
internal static partial class ApiEvents
{
    [LoggerMessage(400, LogLevel.Information, "agent API listening on {Addresses}")]
    public static partial void AgentApiListening(this ILogger logger, string addresses);

    [LoggerMessage(401, LogLevel.Information, "{Listener} certificates reloaded")]
    public static partial void CertificatesReloaded(this ILogger logger, string listener);

    [LoggerMessage(402, LogLevel.Warning, "{Problem}")]
    public static partial void ApiProblem(this ILogger logger, string problem);

    [LoggerMessage(403, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, Exception fault, string method, string path);

    [LoggerMessage(404, LogLevel.Information, "metrics at {Addresses}")]
    public static partial void MetricsListening(this ILogger logger, string addresses);

    [LoggerMessage(405, LogLevel.Information, "audit entry {Number}, head {Head}")]
    public static partial void AuditEntryWritten(this ILogger logger, long number, string head);

    [LoggerMessage(406, LogLevel.Information, "API for operators listening on {Addresses}")]
    public static partial void ManagementListening(this ILogger logger, string addresses);

    [LoggerMessage(407, LogLevel.Information, "metrics are exported to {Endpoint}")]
    public static partial void MetricsExported(this ILogger logger, string endpoint);

    [LoggerMessage(408, LogLevel.Warning, "{Problem}")]
    public static partial void MetricsNotExported(this ILogger logger, string problem);
}
