using System.Net.Sockets;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>A datagram and its reply. An ICMP port unreachable reaches the connected socket as connection
/// refused.</summary>
internal static class UdpProbe
{
    private const int MaxDatagramBytes = 65_535;

    /// <summary>Sends one datagram and compares the reply; cancellation is the timeout.</summary>
    internal static async Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, HealthMonitor monitor,
        CancellationToken cancellation)
    {
        var reply = await ExchangeAsync(endpoint, Encoding.Latin1.GetBytes(monitor.Send ?? ""), cancellation)
            .ConfigureAwait(false);
        return monitor.Expect is not { } expect || reply.Span.IndexOf(Encoding.Latin1.GetBytes(expect)) >= 0
            ? ProbeResult.Success
            : ProbeResult.WrongAnswer($"the reply of {reply.Length} bytes does not contain the expected text");
    }

    /// <summary>Sends one datagram and returns the reply.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The datagram was refused.</exception>
    internal static async Task<ReadOnlyMemory<byte>> ExchangeAsync(ProbeEndpoint endpoint, byte[] request,
        CancellationToken cancellation)
    {
        using var socket = endpoint.Open(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(endpoint.EndPoint, cancellation).ConfigureAwait(false);
        await socket.SendAsync(request, cancellation).ConfigureAwait(false);
        var reply = new byte[MaxDatagramBytes];
        var length = await socket.ReceiveAsync(reply, cancellation).ConfigureAwait(false);
        return reply.AsMemory(0, length);
    }
}
