using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>An HTTP/1.1 request and the beginning of its response (RFC 9112), with or without TLS.</summary>
/// <remarks>Not by <see cref="System.Net.Http.HttpClient"/>: its handler shares connections between requests to the
/// same address, and all servers have the same one, the VIP.</remarks>
internal static class HttpProbe
{
    private const int HeadBytes = 16 * 1024, BodyBytes = 64 * 1024;

    /// <summary>Sends one request and evaluates the response; cancellation is the timeout.</summary>
    internal static async Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, HealthMonitor monitor,
        ProbeProgress progress, CancellationToken cancellation)
    {
        using var socket = endpoint.Open(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint.EndPoint, cancellation).ConfigureAwait(false);
        progress.IsConnected = true;
        var tcpStream = new NetworkStream(socket);
        await using var _ = tcpStream.ConfigureAwait(false);
        if (monitor.Tls is not { } tls)
            return await RequestAsync(tcpStream, endpoint, monitor.Http!, cancellation).ConfigureAwait(false);
        var validator = new CertificateValidator(tls);
        var tlsStream = new SslStream(tcpStream, leaveInnerStreamOpen: true, validator.Accepts);
        await using var __ = tlsStream.ConfigureAwait(false);
        try
        {
            await tlsStream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = tls.ServerName ?? "",
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            }, cancellation).ConfigureAwait(false);
        }
        catch (System.Security.Authentication.AuthenticationException e)
        {
            return ProbeResult.WrongAnswer(validator.Error ?? $"TLS: {e.InnerException?.Message ?? e.Message}");
        }
        return await RequestAsync(tlsStream, endpoint, monitor.Http!, cancellation).ConfigureAwait(false);
    }

    private static async Task<ProbeResult> RequestAsync(Stream stream, ProbeEndpoint endpoint, HttpExpectation expected,
        CancellationToken cancellation)
    {
        var host = expected.Host
            ?? (endpoint.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{endpoint.Address}]"
            : endpoint.Address.ToString());
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {expected.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sidestep\r\nAccept: */*\r\n"
            + "Connection: close\r\n\r\n"), cancellation).ConfigureAwait(false);
        var response = new byte[HeadBytes + BodyBytes];
        int length = 0, head;
        while ((head = response.AsSpan(0, Math.Min(length, HeadBytes)).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var count = length < HeadBytes ? await stream.ReadAsync(response.AsMemory(length), cancellation)
                .ConfigureAwait(false) : 0;
            if (count == 0)
                return ProbeResult.WrongAnswer(length == 0 ? "the server closed the connection without a response"
                    : "the response is not HTTP, or its head is longer than 16 KiB");
            length += count;
        }
        if (StatusOf(response.AsSpan(0, head)) is not { } status)
            return ProbeResult.WrongAnswer("the response is not HTTP");
        if (!expected.StatusCodes.Any(r => r.First <= status && status <= r.Last))
            return ProbeResult.WrongAnswer(string.Create(CultureInfo.InvariantCulture, $"status code {status}"));
        if (expected.ExpectedText is not { } text)
            return ProbeResult.Success;
        var expectedBytes = Encoding.Latin1.GetBytes(text);
        while (true)
        {
            if (response.AsSpan(head + 4, length - head - 4).IndexOf(expectedBytes) >= 0)
                return ProbeResult.Success;
            var count = length < response.Length ? await stream.ReadAsync(response.AsMemory(length), cancellation)
                .ConfigureAwait(false) : 0;
            if (count == 0)
                return ProbeResult.WrongAnswer(
                    $"the {length - head - 4} bytes of the body do not contain the expected text");
            length += count;
        }
    }

    private static int? StatusOf(ReadOnlySpan<byte> head) =>
        head.StartsWith("HTTP/1."u8) && head.Length >= 12 && head[8] == (byte)' '
        && int.TryParse(head[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;
}
