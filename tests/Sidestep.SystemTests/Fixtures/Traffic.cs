using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Sends numbered datagrams to the VIP at a steady rate, from several client addresses in turn, and records
/// which server replies and when. A reply proves the whole path: client, director, server, and directly back from the
/// VIP.</summary>
internal sealed class Traffic : IDisposable
{
    private const int MaxDatagrams = 200_000;
    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(3);

    private readonly Socket[] _sockets;
    private readonly Thread[] _threads;
    private readonly long[] _sent = new long[MaxDatagrams];
    private readonly long[] _answered = new long[MaxDatagrams];
    private readonly byte[] _servers = new byte[MaxDatagrams];
    private readonly EndPoint _vip;
    private volatile bool _stopping;
    private volatile int _count;

    /// <summary>Starts to send.</summary>
    /// <param name="client">The client's namespace.</param>
    /// <param name="sources">Source addresses.</param>
    /// <param name="vip">The VIP with an echo service.</param>
    public Traffic(NetworkNamespace client, IReadOnlyList<string> sources, string vip)
    {
        _vip = new IPEndPoint(IPAddress.Parse(vip), EchoServer.Port);
        _sockets = client.Inside(() => sources.Select(static s => Open(s)).ToArray());
        _threads = [new Thread(Send), .. _sockets.Select(s => new Thread(() => Receive(s)))];
        foreach (var thread in _threads)
        {
            thread.IsBackground = true;
            thread.Start();
        }
    }

    /// <summary>Number of datagrams so far.</summary>
    public int Count => _count;

    /// <summary>All exchanges so far; the newest may still get a reply.</summary>
    public IReadOnlyList<Exchange> Snapshot() =>
    [
        .. Enumerable.Range(0, _count)
        .Select(i => new Exchange(i, i % _sockets.Length, _sent[i], Volatile.Read(ref _answered[i]), _servers[i])),
    ];

    /// <summary>Waits until 100 datagrams in a row, sent from now on, have all been answered within their
    /// time.</summary>
    public void WaitUntilSteady()
    {
        var before = _count;
        Eventually.True(
            () => Snapshot().Skip(before).Where(static e => Stopwatch.GetElapsedTime(e.SentAt) > ReplyTimeout)
                .TakeLast(100).ToArray() is { Length: 100 } newest && newest.All(static e => e.IsAnswered),
            static () => "there are never 100 datagrams in a row with a reply", TimeSpan.FromSeconds(30));
    }

    /// <summary>Waits until a further number of datagrams is sent.</summary>
    public void WaitForSent(int datagrams)
    {
        var goal = _count + datagrams;
        Eventually.True(() => _count >= goal, () =>
            $"{_count} of {goal} datagrams were sent", TimeSpan.FromSeconds(30));
    }

    /// <summary>Waits until every client's newest datagram is answered.</summary>
    public void WaitUntilAllAnswered()
    {
        var before = _count;
        Eventually.True(
            () => Snapshot().Skip(before).Where(static e => e.IsAnswered).Select(static e => e.Source).Distinct()
            .Count() == _sockets.Length,
            () => "no replies for clients: "
                + string.Join(", ", Enumerable.Range(0, _sockets.Length)
                .Except(Snapshot().Skip(before).Where(static e => e.IsAnswered).Select(static e => e.Source))));
    }

    /// <summary>Stops sending, waits for late replies, and returns all exchanges.</summary>
    public IReadOnlyList<Exchange> Stop()
    {
        _stopping = true;
        _threads[0].Join();
        while (Snapshot().Any(static e => !e.IsAnswered && Stopwatch.GetElapsedTime(e.SentAt) < ReplyTimeout))
            Thread.Sleep(10);
        return Snapshot();
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (var socket in _sockets)
            socket.Dispose();
        foreach (var thread in _threads)
            thread.Join();
    }

    private static Socket Open(string source)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram,
            ProtocolType.Udp)
        { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        return socket;
    }

    private void Send()
    {
        var payload = new byte[16];
        var next = Stopwatch.GetTimestamp();
        while (!_stopping && _count < MaxDatagrams)
        {
            var number = _count;
            BinaryPrimitives.WriteInt32BigEndian(payload, number);
            _sent[number] = Stopwatch.GetTimestamp();
            try
            {
                _sockets[number % _sockets.Length].SendTo(payload, _vip);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // A datagram that is not sent counts as not answered.
            }
            _count = number + 1;
            next += SendInterval.Ticks * Stopwatch.Frequency / TimeSpan.TicksPerSecond;
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next);
            if (wait > TimeSpan.Zero)
                Thread.Sleep(wait);
        }
    }

    private void Receive(Socket socket)
    {
        var buffer = new byte[64];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                var length = socket.ReceiveFrom(buffer, ref from);
                var number = BinaryPrimitives.ReadInt32BigEndian(buffer);
                _servers[number] = buffer[length - 1];
                Volatile.Write(ref _answered[number], Stopwatch.GetTimestamp());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the test is over.
        }
    }
}

/// <summary>One datagram and its reply.</summary>
/// <param name="Number">0, 1, ...</param>
/// <param name="Source">Index of the client address.</param>
/// <param name="SentAt">Stopwatch ticks.</param>
/// <param name="AnsweredAt">Stopwatch ticks; 0: never.</param>
/// <param name="Server">Number of the server that replied.</param>
internal sealed record Exchange(int Number, int Source, long SentAt, long AnsweredAt, byte Server)
{
    public bool IsAnswered => AnsweredAt != 0;
}
