using System.Net.Sockets;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>An answer to a datagram. A port that nobody listens at is told by ICMP, which the connected socket hears as refusal.</summary>
internal static class UdpProbe
{
    private const int LongestDatagram = 65_535;

    internal static async Task<ProbeOutcome> RunAsync(ProbeEnd end, HealthMonitor monitor, CancellationToken cancellation)
    {
        var answer = await AskAsync(end, Encoding.Latin1.GetBytes(monitor.Send ?? ""), cancellation).ConfigureAwait(false);
        return monitor.Expect is not { } expect || answer.Span.IndexOf(Encoding.Latin1.GetBytes(expect)) >= 0 ? ProbeOutcome.Good
            : ProbeOutcome.Bad($"the answer of {answer.Length} bytes does not contain what is expected");
    }

    internal static async Task<ReadOnlyMemory<byte>> AskAsync(ProbeEnd end, byte[] question, CancellationToken cancellation)
    {
        using var socket = end.Open(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(end.EndPoint, cancellation).ConfigureAwait(false);
        await socket.SendAsync(question, cancellation).ConfigureAwait(false);
        var answer = new byte[LongestDatagram];
        var length = await socket.ReceiveAsync(answer, cancellation).ConfigureAwait(false);
        return answer.AsMemory(0, length);
    }
}
