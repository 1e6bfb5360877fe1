namespace Sidestep.Model;

/// <summary>Where the director exports its metrics to by the OpenTelemetry protocol (OTLP).</summary>
public sealed record OtlpSettings
{
    /// <summary>The URL of the collector: scheme, host and port; with <see cref="OtlpProtocol.HttpProtobuf"/> also a
    /// path, to which <c>/v1/metrics</c> is appended.</summary>
    public required string Endpoint { get; init; }

    /// <summary>How requests are sent.</summary>
    public OtlpProtocol Protocol { get; init; } = OtlpProtocol.HttpProtobuf;

    /// <summary>From the start of an export to the start of the next; 1 second to an hour.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>Path of a file with headers of each request, such as a token; null: none.</summary>
    public string? HeadersFile { get; init; }

    /// <summary>PEM file: the certificate authorities of the collector; null: those of this machine.</summary>
    public string? CaFile { get; init; }

    /// <summary>True: each server of each pool has series of its own.</summary>
    public bool PerServer { get; init; } = true;

    /// <summary>The interval of OpenTelemetry.</summary>
    public static TimeSpan DefaultInterval { get; } = TimeSpan.FromMinutes(1);
}

/// <summary>The transports of OTLP.</summary>
public enum OtlpProtocol
{
    /// <summary>Binary protobuf in HTTP/1.1.</summary>
    HttpProtobuf,

    /// <summary>gRPC, in HTTP/2.</summary>
    Grpc,
}
