using System.Net.Sockets;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>A TCP connection, and optionally a request and an expected reply.</summary>
internal static class TcpProbe
{
    private const int MaxReplyBytes = 64 * 1024;

    /// <summary>Connects, sends and compares; cancellation is the timeout.</summary>
    internal static async Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, HealthMonitor monitor,
        ProbeProgress progress, CancellationToken cancellation)
    {
        using var socket = endpoint.Open(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint.EndPoint, cancellation).ConfigureAwait(false);
        progress.IsConnected = true;
        if (monitor.Send is { } send)
            await socket.SendAsync(Encoding.Latin1.GetBytes(send), cancellation).ConfigureAwait(false);
        return monitor.Expect is { } expect ? await ExpectAsync(socket, Encoding.Latin1.GetBytes(expect), cancellation)
            .ConfigureAwait(false) : ProbeResult.Success;
    }

    private static async Task<ProbeResult> ExpectAsync(Socket socket, byte[] expectedBytes,
        CancellationToken cancellation)
    {
        var reply = new byte[MaxReplyBytes];
        var length = 0;
        while (length < reply.Length)
        {
            var count = await socket.ReceiveAsync(reply.AsMemory(length), cancellation).ConfigureAwait(false);
            if (count == 0)
                break;
            length += count;
            if (reply.AsSpan(0, length).IndexOf(expectedBytes) >= 0)
                return ProbeResult.Success;
        }
        return ProbeResult.WrongAnswer($"the reply of {length} bytes does not contain the expected text");
    }
}
