using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.Lab.Traffic;

/// <summary>Datagrams from many client addresses to the echo service. Runs inside the client's namespace.</summary>
internal static class UdpClients
{
    private const int PayloadLength = 512;
    private const int LargestDatagram = 65535;
    private const int WhoTries = 3;

    // Few enough at a time that no socket buffer of the echo services overflows.
    private const int AtATime = 32;

    private static readonly TimeSpan EchoLimit = Patience.Seconds(2);
    private static readonly TimeSpan WhoLimit = Patience.Seconds(0.5);

    /// <summary>Each datagram is sent once; lost is lost.</summary>
    public static async Task EchoAsync(Func<IPAddress, IPEndPoint> service, IReadOnlyList<IPAddress> sources, int count, Action<RequestResult> result)
        => await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (number, cancel) =>
        {
            var source = sources[number % sources.Count];
            var payload = new byte[PayloadLength];
            BinaryPrimitives.WriteInt32BigEndian(payload, number);
            var watch = Stopwatch.StartNew();
            var reply = await AskAsync(service(source), source, payload, EchoLimit, cancel);
            var error = reply is null ? "no reply" : reply.AsSpan().SequenceEqual(payload) ? null : "the reply differs from what was sent";
            result(new RequestResult(source.ToString(), null, error, watch.Elapsed.TotalMilliseconds));
        });

    /// <summary>Which server each address is served by; an address that gets no answer is left out.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> WhoAsync(Func<IPAddress, IPEndPoint> service, IReadOnlyList<IPAddress> sources)
    {
        var servers = new ConcurrentDictionary<string, string>();
        await Parallel.ForEachAsync(sources, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (source, cancel) =>
        {
            byte[]? reply = null;
            for (var tried = 0; reply is null && tried < WhoTries; tried++)
                reply = await AskAsync(service(source), source, EchoServer.Who, WhoLimit, cancel);
            if (reply is not null)
                servers[source.ToString()] = Encoding.UTF8.GetString(reply);
        });
        return servers;
    }

    // The socket is connected to the VIP: a reply with any other source does not arrive.
    private static async Task<byte[]?> AskAsync(IPEndPoint service, IPAddress source, byte[] payload, TimeSpan limit, CancellationToken cancel)
    {
        using var socket = new Socket(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(source, 0));
        await socket.ConnectAsync(service, cancel);
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        time.CancelAfter(limit);
        try
        {
            await socket.SendAsync(payload, time.Token);
            var buffer = new byte[LargestDatagram];
            var length = await socket.ReceiveAsync(buffer, time.Token);
            return buffer[..length];
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
        catch (SocketException)
        {
            // An ICMP error came back ("port unreachable"): nobody answers, as with silence.
            return null;
        }
    }
}
