using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Streams;

/// <param name="Senders">Number of senders; each has its own address, port and numbers.</param>
/// <param name="Rate">Datagrams per second of all senders together.</param>
/// <param name="FirstSender">Number of the first sender.</param>
internal sealed record StreamPlan(IReadOnlyList<IPEndPoint> Services, ClientAddresses Sources, int Senders, int Rate,
    int FirstSender);

/// <summary>
/// Sends numbered datagrams at a steady rate until its input ends or contains "stop". Then it prints the send times of
/// each sender. It never sends more than a few datagrams at once, so that no queue along the path overflows: a lost
/// datagram is then a fault.
/// </summary>
internal sealed class StreamSender(StreamPlan plan, TextReader input, TextWriter output)
{
    private const int MaxBurst = 8;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);

    private readonly List<long>[] _sent = [.. Enumerable.Range(0, plan.Senders).Select(static _ => new List<long>())];
    private volatile bool _stop;

    public async Task<int> RunAsync()
    {
        var sending = Task.Factory.StartNew(Send, CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await Task.WhenAny(input.ReadLineAsync(), sending);
        _stop = true;
        await sending;
        await output.WriteLineAsync(JsonSerializer.Serialize(_sent));
        return 0;
    }

    private void Send()
    {
        var sockets = Enumerable.Range(0, plan.Senders).Select(Open).ToArray();
        Span<byte> datagram = stackalloc byte[StreamWire.Length];
        datagram.Clear();
        var hasBegun = false;
        var due = Stopwatch.GetTimestamp();
        for (var next = 0; !_stop;)
        {
            var allowed = (int)Math.Min(MaxBurst, Stopwatch.GetElapsedTime(due).TotalSeconds * plan.Rate);
            for (var i = 0; i < allowed; i++, next = (next + 1) % plan.Senders)
            {
                StreamWire.Write(datagram, plan.FirstSender + next, _sent[next].Count);
                var time = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                // Not connected: otherwise an ICMP error for an earlier datagram would be reported for this one.
                if (TrySend(sockets[next], datagram, plan.Services[next % plan.Services.Count]))
                {
                    _sent[next].Add(time);
                    if (!hasBegun)
                        output.WriteLine(StreamWire.Begun);
                    hasBegun = true;
                }
            }
            // Datagrams that were not sent in time are skipped: a burst would only overflow queues.
            due = allowed == MaxBurst ? Stopwatch.GetTimestamp() : due
                + (long)(allowed * Stopwatch.Frequency / (double)plan.Rate);
            Thread.Sleep(Tick);
        }
        foreach (var socket in sockets)
            socket.Dispose();
    }

    /// <returns>False: the client's own link is down, and nothing was sent. The number is used again.</returns>
    private static bool TrySend(Socket socket, ReadOnlySpan<byte> datagram, IPEndPoint service)
    {
        try
        {
            socket.SendTo(datagram, SocketFlags.None, service);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.NetworkUnreachable or SocketError.NetworkDown
            or SocketError.HostUnreachable or SocketError.AddressNotAvailable)
        {
            return false;
        }
    }

    private Socket Open(int sender)
    {
        var service = plan.Services[sender % plan.Services.Count];
        var socket = new Socket(service.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(plan.Sources.For(service, sender / plan.Services.Count), 0));
        return socket;
    }
}
