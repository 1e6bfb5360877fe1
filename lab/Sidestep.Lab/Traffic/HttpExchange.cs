using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Sidestep.Lab.Traffic;

/// <summary>One HTTP request on a new connection from a given client address.</summary>
internal static class HttpExchange
{
    public const string ServerHeader = "X-Served-By";

    private const string UploadPath = "/upload";

    // The kernel retransmits a lost SYN after 1, 3 and 7 s. A longer request is a failure, and the lab never retries.
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(10);

    public static async Task<RequestResult> RunAsync(IPAddress source, IPEndPoint service, bool upload)
    {
        var watch = Stopwatch.StartNew();
        string? server = null;
        string? error = null;
        try
        {
            // Each request has an HttpClient of its own: a pooled connection could carry another address's request.
            using var client = new HttpClient(HandlerFrom(source, service)) { Timeout = Timeout };
            using var request = Request(service, upload);
            using var response = await client.SendAsync(request);
            server = response.Headers.TryGetValues(ServerHeader, out var names) ? names.First() : null;
            error = await CheckResponseAsync(response, upload);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException
            or SocketException)
        {
            error = e.InnerException?.Message ?? e.Message;
        }
        return new RequestResult(source.ToString(), server, error, watch.Elapsed.TotalMilliseconds);
    }

    private static HttpRequestMessage Request(IPEndPoint service, bool upload)
    {
        var request = new HttpRequestMessage(
            upload ? HttpMethod.Post : HttpMethod.Get,
            new Uri($"http://{service}{(upload ? UploadPath : SampleFile.UrlPath)}"));
        request.Headers.ConnectionClose = true;
        if (upload)
            request.Content = new ByteArrayContent(SampleFile.Content);
        return request;
    }

    private static async Task<string?> CheckResponseAsync(HttpResponseMessage response, bool upload)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            return $"status {(int)response.StatusCode}";
        var body = await response.Content.ReadAsByteArrayAsync();
        if (upload)
        {
            // The server responds with the number of bytes that it received.
            var arrived = System.Text.Encoding.ASCII.GetString(body).Trim();
            return arrived == SampleFile.Length.ToString(CultureInfo.InvariantCulture)
                ? null : $"the server got {arrived} bytes instead of {SampleFile.Length}";
        }
        if (body.Length != SampleFile.Length)
            return $"{body.Length} bytes instead of {SampleFile.Length}";
        return SHA256.HashData(body).AsSpan().SequenceEqual(SampleFile.Hash)
            ? null : "the content is not that of the file";
    }

    private static SocketsHttpHandler HandlerFrom(IPAddress source, IPEndPoint service) => new()
    {
        UseProxy = false,
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(source.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(source, 0));
                await socket.ConnectAsync(service, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
