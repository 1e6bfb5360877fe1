using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Sidestep.Model;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>How a request and its response travel: opentelemetry.io/docs/specs/otlp.</summary>
internal abstract class OtlpTransport
{
    /// <summary>The transport of a protocol.</summary>
    internal static OtlpTransport Of(OtlpProtocol protocol) =>
        protocol == OtlpProtocol.Grpc ? new GrpcTransport() : new HttpTransport();

    /// <summary>The request for a message.</summary>
    /// <param name="endpoint">The URL of the collector.</param>
    /// <param name="message">An <c>ExportMetricsServiceRequest</c>.</param>
    internal abstract HttpRequestMessage Request(Uri endpoint, ReadOnlyMemory<byte> message);

    /// <summary>The <c>ExportMetricsServiceResponse</c> of a response.</summary>
    /// <param name="response">The response, whose body was received.</param>
    /// <param name="body">Its body.</param>
    /// <exception cref="OtlpException">The collector did not accept the request.</exception>
    internal abstract ReadOnlyMemory<byte> Unwrap(HttpResponseMessage response, ReadOnlyMemory<byte> body);

    /// <summary>Binary protobuf as the body of a POST.</summary>
    private sealed class HttpTransport : OtlpTransport
    {
        internal override HttpRequestMessage Request(Uri endpoint, ReadOnlyMemory<byte> message) =>
            new(HttpMethod.Post, new Uri(endpoint.AbsoluteUri.TrimEnd('/') + "/v1/metrics"))
            {
                Content = new ReadOnlyMemoryContent(message)
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") },
                },
            };

        internal override ReadOnlyMemory<byte> Unwrap(HttpResponseMessage response, ReadOnlyMemory<byte> body) =>
            response.IsSuccessStatusCode ? body : throw Error(response);
    }

    /// <summary>A unary call of gRPC over HTTP/2: github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md.</summary>
    private sealed class GrpcTransport : OtlpTransport
    {
        private const string Path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
        private const int PrefixBytes = 5;

        // The codes that OTLP lists: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        private static readonly int[] Transient = [1, 4, 10, 11, 14, 15];

        internal override HttpRequestMessage Request(Uri endpoint, ReadOnlyMemory<byte> message)
        {
            // Not compressed, and the length in network byte order.
            byte[] prefixed = new byte[PrefixBytes + message.Length];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(prefixed.AsSpan(1), message.Length);
            message.CopyTo(prefixed.AsMemory(PrefixBytes));
            return new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, Path))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Headers = { { "TE", "trailers" } },
                Content = new ByteArrayContent(prefixed)
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") },
                },
            };
        }

        internal override ReadOnlyMemory<byte> Unwrap(HttpResponseMessage response, ReadOnlyMemory<byte> body)
        {
            if (response.StatusCode != HttpStatusCode.OK)
                throw Error(response);
            // A response without a message has its status in the headers.
            if ((Find(response.TrailingHeaders, "grpc-status") ?? Find(response.Headers, "grpc-status")) is not { } text
                || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int status))
                throw new OtlpException("the response is not one of gRPC");
            if (status == 0)
                return body.Length > PrefixBytes ? body[PrefixBytes..] : default;
            string detail = Uri.UnescapeDataString((Find(response.TrailingHeaders, "grpc-message")
                ?? Find(response.Headers, "grpc-message") ?? "").Trim());
            throw new OtlpException($"the collector answers with gRPC status {status}"
                + (detail.Length > 0 ? $": {OtlpResponse.Printable(detail)}" : ""))
            {
                IsTransient = Transient.Contains(status),
            };
        }

        private static string? Find(HttpHeaders headers, string name) =>
            headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
    }

    private static OtlpException Error(HttpResponseMessage response) =>
        new($"the collector answers with HTTP status {(int)response.StatusCode}")
        {
            IsTransient = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
}
