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
    private const int MaxDatagramBytes = 65535;
    private const int IdentifyAttempts = 3;

    // So few at a time that no socket buffer of the echo services overflows.
    private const int Parallelism = 32;

    private static readonly TimeSpan EchoTimeout = ScaledTimeout.Seconds(2);
    private static readonly TimeSpan IdentifyTimeout = ScaledTimeout.Seconds(0.5);

    /// <summary>Sends each datagram once, and never again.</summary>
    public static async Task EchoAsync(Func<IPAddress, IPEndPoint> service, IReadOnlyList<IPAddress> sources, int count,
        Action<RequestResult> result)
        => await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Parallelism },
            async (number, cancel) =>
        {
            var source = sources[number % sources.Count];
            var payload = new byte[PayloadLength];
            BinaryPrimitives.WriteInt32BigEndian(payload, number);
            var watch = Stopwatch.StartNew();
            var reply = await ExchangeAsync(service(source), source, payload, EchoTimeout, cancel);
            var error = reply is null
                ? "no reply" : reply.AsSpan().SequenceEqual(payload) ? null : "the reply differs from what was sent";
            result(new RequestResult(source.ToString(), null, error, watch.Elapsed.TotalMilliseconds));
        });

    /// <summary>The server of each client address; addresses without a reply are omitted.</summary>
    public static async Task<IReadOnlyDictionary<string,
        string>> IdentifyServersAsync(Func<IPAddress, IPEndPoint> service, IReadOnlyList<IPAddress> sources)
    {
        var servers = new ConcurrentDictionary<string, string>();
        await Parallel.ForEachAsync(sources, new ParallelOptions { MaxDegreeOfParallelism = Parallelism },
            async (source, cancel) =>
        {
            byte[]? reply = null;
            for (var attempt = 0; reply is null && attempt < IdentifyAttempts; attempt++)
                reply = await ExchangeAsync(service(source), source, EchoServer.IdentifyRequest, IdentifyTimeout,
                    cancel);
            if (reply is not null)
                servers[source.ToString()] = Encoding.UTF8.GetString(reply);
        });
        return servers;
    }

    // The socket is connected to the VIP: a reply with any other source does not arrive.
    private static async Task<byte[]?> ExchangeAsync(IPEndPoint service, IPAddress source, byte[] payload,
        TimeSpan timeout, CancellationToken cancel)
    {
        using var socket = new Socket(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(source, 0));
        await socket.ConnectAsync(service, cancel);
        using var timeoutSource = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeoutSource.CancelAfter(timeout);
        try
        {
            await socket.SendAsync(payload, timeoutSource.Token);
            var buffer = new byte[MaxDatagramBytes];
            var length = await socket.ReceiveAsync(buffer, timeoutSource.Token);
            return buffer[..length];
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
        catch (SocketException)
        {
            // An ICMP error arrived ("port unreachable"). It counts as no reply.
            return null;
        }
    }
}
