using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>node.otlp</c>.</summary>
internal static class OtlpSchema
{
    public static readonly Key<string> Endpoint = Key<string>.Mandatory("endpoint", new CollectorUrlKind(),
        "URL of the collector, such as `https://collector.example:4318`. With `http/protobuf`, `/v1/metrics` is "
        + "appended to its path.");

    public static readonly Key<OtlpProtocol> Protocol = Key<OtlpProtocol>.WithDefault("protocol",
        new ChoiceKind<OtlpProtocol>(
            new("http/protobuf", OtlpProtocol.HttpProtobuf, "Binary protobuf in HTTP/1.1; usually port 4318."),
            new("grpc", OtlpProtocol.Grpc, "gRPC; usually port 4317.")),
        OtlpProtocol.HttpProtobuf, "The transport of OTLP.");

    public static readonly Key<TimeSpan> Interval = Key<TimeSpan>.WithDefault("interval", new SecondsKind(1, 3600),
        OtlpSettings.DefaultInterval, "Seconds between exports.");

    public static readonly Key<string> HeadersFile = Key<string>.Optional("headersFile", TextKind.FolderPath,
        "File with headers of each request, one `name: value` per line: a token, for example.");

    public static readonly Key<string> CaFile = Key<string>.Optional("caFile", TextKind.FolderPath,
        "PEM file: the certificate authorities that issue the collector's certificate. Without it, those of the "
        + "director's machine.");

    public static readonly Key<bool> PerServer = Key<bool>.WithDefault("perServer", new BooleanKind(), true,
        "Whether each server of each pool has series of its own.");

    public static readonly MappingKind Kind = new("the mapping otlp",
        "Export of the metrics to a collector of OpenTelemetry.", Endpoint, Protocol, Interval, HeadersFile, CaFile,
        PerServer);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(OtlpSettings otlp) => MappingNode.Of(
        Endpoint.Write(otlp.Endpoint), Protocol.Write(otlp.Protocol), Interval.Write(otlp.Interval),
        HeadersFile.Write(otlp.HeadersFile), CaFile.Write(otlp.CaFile), PerServer.Write(otlp.PerServer));

    public static OtlpSettings Build(BoundMapping m) => new()
    {
        Endpoint = m.Value(Endpoint),
        Protocol = m.Value(Protocol),
        Interval = m.Value(Interval),
        HeadersFile = m.Find(HeadersFile)?.Value,
        CaFile = m.Find(CaFile)?.Value,
        PerServer = m.Value(PerServer),
    };
}
