using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sidestep.Daemon.Probes;

namespace Sidestep.UnitTests.Daemon.Probes;

/// <summary>Servers on 127.0.0.1 that give one reply.</summary>
internal static class LocalServer
{
    /// <summary>A target that no probe filter is involved in.</summary>
    public static ProbeEndpoint Endpoint(EndPoint local) => new(IPAddress.Loopback, ((IPEndPoint)local).Port, null, 0);

    /// <summary>A port of 127.0.0.1 where no process listens.</summary>
    public static ProbeEndpoint Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Endpoint(listener.LocalEndpoint);
    }

    /// <summary>Accepts one connection, reads until the request ends with a text, sends the parts of a reply and
    /// closes.</summary>
    /// <returns>The target, and what was received.</returns>
    public static (ProbeEndpoint Endpoint, Task<string> Received) Tcp(
        string requestEnd, string[] replies, X509Certificate2? certificate = null, bool staysOpen = false)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (Endpoint(listener.LocalEndpoint), Task.Run(async () =>
        {
            using var open = listener;
            using var client = await listener.AcceptTcpClientAsync();
            Stream stream = client.GetStream();
            if (certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(certificate);
                stream = tls;
            }
            var received = new StringBuilder();
            var buffer = new byte[4096];
            try
            {
                while (requestEnd.Length > 0 && !received.ToString().EndsWith(requestEnd, StringComparison.Ordinal)
                    && await stream.ReadAsync(buffer) is var count and > 0)
                    received.Append(Encoding.Latin1.GetString(buffer, 0, count));
                foreach (var reply in replies)
                {
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(reply));
                    await stream.FlushAsync();
                }
                if (staysOpen)
                    _ = await stream.ReadAsync(buffer);
            }
            catch (IOException)
            {
                // The probe has ended the connection with a reset.
            }
            return received.ToString();
        }));
    }

    /// <summary>Answers one datagram; null: not.</summary>
    public static (ProbeEndpoint Endpoint, Task<byte[]> Received) Udp(Func<byte[], byte[]?> reply)
    {
        var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return (Endpoint(socket.Client.LocalEndPoint!), Task.Run(async () =>
        {
            using var open = socket;
            var request = await socket.ReceiveAsync();
            if (reply(request.Buffer) is { } bytes)
                await socket.SendAsync(bytes, request.RemoteEndPoint);
            return request.Buffer;
        }));
    }
}
