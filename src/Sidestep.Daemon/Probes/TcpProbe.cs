using System.Net.Sockets;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>A connection, and perhaps an answer over it.</summary>
internal static class TcpProbe
{
    private const int AnswerBytes = 64 * 1024;

    internal static async Task<ProbeOutcome> RunAsync(ProbeEnd end, HealthMonitor monitor, CancellationToken cancellation)
    {
        using var socket = end.Open(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(end.EndPoint, cancellation).ConfigureAwait(false);
        if (monitor.Send is { } send)
            await socket.SendAsync(Encoding.Latin1.GetBytes(send), cancellation).ConfigureAwait(false);
        return monitor.Expect is { } expect ? await ExpectAsync(socket, Encoding.Latin1.GetBytes(expect), cancellation).ConfigureAwait(false) : ProbeOutcome.Good;
    }

    private static async Task<ProbeOutcome> ExpectAsync(Socket socket, byte[] wanted, CancellationToken cancellation)
    {
        var answer = new byte[AnswerBytes];
        var length = 0;
        while (length < answer.Length)
        {
            var count = await socket.ReceiveAsync(answer.AsMemory(length), cancellation).ConfigureAwait(false);
            if (count == 0)
                break;
            length += count;
            if (answer.AsSpan(0, length).IndexOf(wanted) >= 0)
                return ProbeOutcome.Good;
        }
        return ProbeOutcome.Bad($"the answer of {length} bytes does not contain what is expected");
    }
}
