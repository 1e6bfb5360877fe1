namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>The director as a resource of OpenTelemetry.</summary>
/// <param name="Director">The name of the director: <c>node.name</c>.</param>
/// <param name="Host">The name of its machine.</param>
/// <param name="Version">Version of the daemon.</param>
internal sealed record OtlpResource(string Director, string Host, string Version)
{
    /// <summary>Name of the service, and of the instrumentation scope.</summary>
    internal const string Service = "sidestepd", Scope = "sidestep";

    /// <summary>Its attributes, by OpenTelemetry's semantic conventions for resources.</summary>
    /// <remarks>Several directors of one name run on different machines, and those of one machine have different
    /// names.</remarks>
    internal IEnumerable<(string Key, string Value)> Attributes =>
    [
        ("service.name", Service),
        ("service.instance.id", $"{Director}@{Host}"),
        ("service.version", Version),
        ("host.name", Host),
    ];
}
