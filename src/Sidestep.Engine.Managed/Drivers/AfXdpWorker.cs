using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Receives frames from one queue of each of several interfaces, rewrites them in place, and sends them from
/// there out of the same interface or another. Interfaces that were added together share a UMEM; a frame to an
/// interface that was added later is copied.</summary>
internal sealed class AfXdpWorker : Worker
{
    private const int Burst = 64, BusyMilliseconds = 1;

    private readonly FrameHandler _handler;

    /// <summary>Sends to interfaces that have no socket here: those of other drivers, and those with fewer
    /// queues.</summary>
    private readonly EgressRings _egressRings;

    private XdpSocket[] _sockets = [];
    private SocketPoller _readiness = new(Array.Empty<XdpSocket>());
    private long _sent, _lost, _lostBefore;

    /// <param name="number">Number of the worker and of its queue.</param>
    /// <param name="cpu">Number of its CPU.</param>
    /// <param name="handler">Its frame handler, not shared with other workers.</param>
    /// <param name="log">Receives the first problem.</param>
    internal AfXdpWorker(int number, int cpu, FrameHandler handler, Action<string> log)
        : base($"af-xdp {number}", cpu, log)
    {
        _handler = handler;
        _egressRings = new EgressRings(ReportOnce);
    }

    /// <inheritdoc/>
    internal override WorkerCounters Figures => new(_handler.Frames, _sent + _egressRings.Sent,
        _lostBefore + Sockets.Sum(static s => s.Lost), _lost + _egressRings.Lost, AllocatedBytes);

    /// <summary>The sockets that it receives frames from; any thread may read them.</summary>
    internal IReadOnlyList<XdpSocket> Sockets => Volatile.Read(ref _sockets);

    /// <summary>True if it has no sockets.</summary>
    internal bool IsIdle => _sockets.Length == 0;

    /// <summary>Adds sockets, which the worker polls from now on.</summary>
    /// <param name="sockets">One for each interface. The worker owns them and the UMEM that they share from now
    /// on.</param>
    internal void Add(IEnumerable<XdpSocket> sockets) => RunBetweenPolls(() => Use([.. _sockets, .. sockets]));

    /// <summary>Closes the sockets of these interfaces.</summary>
    internal void Remove(IReadOnlyCollection<int> interfaces) => RunBetweenPolls(() =>
    {
        var previous = _sockets;
        Use([.. previous.Where(s => !interfaces.Contains(s.InterfaceIndex))]);
        foreach (var socket in previous.Except(_sockets))
        {
            _lostBefore += socket.Lost;
            socket.Dispose();
        }
        // Frames of a shared UMEM that the kernel still held are lost; they are freed with its last socket.
        foreach (var umem in previous.Select(static s => s.Memory).Except(_sockets.Select(static s => s.Memory)))
            umem.Dispose();
    });

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var any = false;
        foreach (var socket in _sockets)
            any |= socket.ReclaimSent();
        foreach (var socket in _sockets)
            any |= Receive(socket);
        _egressRings.Flush();
        foreach (var socket in _sockets)
        {
            socket.Transmit.Publish();
            socket.WakeTransmit();
            socket.Refill();
        }
        return any;
    }

    /// <inheritdoc/>
    protected override void Wait(int milliseconds)
    {
        foreach (var socket in _sockets)
        {
            // A busy device still holds frames: the next round sends them.
            if (!socket.Transmit.IsDrained)
                milliseconds = BusyMilliseconds;
        }
        _readiness.Wait(milliseconds);
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        foreach (var umem in _sockets.Select(static s => s.Memory).Distinct())
            umem.Dispose();
        _egressRings.Dispose();
    }

    private void Use(XdpSocket[] sockets)
    {
        _readiness = new SocketPoller(sockets);
        Volatile.Write(ref _sockets, sockets);
    }

    private bool Receive(XdpSocket socket)
    {
        var taken = 0;
        while (taken < Burst && socket.Receive.TryTake(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            var frame = new Frame(socket.Memory.Chunk(received.Address),
                (int)(received.Address & Umem.ChunkBytes - 1), (int)received.Length);
            if (_handler.Handle(ref frame, socket.InterfaceIndex))
                Send(socket.Memory, received.Address & ~(ulong)(Umem.ChunkBytes - 1), frame);
            else
                socket.Memory.Return(received.Address);
        }
        if (taken == 0)
            return false;
        socket.Release(taken);
        return true;
    }

    private void Send(Umem umem, ulong chunk, Frame frame)
    {
        foreach (var socket in _sockets)
        {
            if (socket.InterfaceIndex != _handler.Egress)
                continue;
            if (socket.Memory != umem && !TryCopy(umem, ref chunk, socket.Memory, frame))
                _lost++;
            else if (socket.Transmit.TryAdd(
                new XdpDescriptor { Address = chunk + (uint)frame.Start, Length = (uint)frame.Length }))
                _sent++;
            else
            {
                _lost++;
                socket.Memory.Return(chunk);
            }
            return;
        }
        _egressRings.Add(_handler.Egress, frame.Bytes);
        umem.Return(chunk);
    }

    /// <summary>Copies a frame to the same offset in a chunk of another UMEM, and returns the old chunk in any
    /// case.</summary>
    /// <returns>False when the other UMEM has no free chunk.</returns>
    private static bool TryCopy(Umem from, ref ulong chunk, Umem to, Frame frame)
    {
        var isCopied = to.TryTake(out var other);
        if (isCopied)
            frame.Bytes.CopyTo(to.Chunk(other)[frame.Start..]);
        from.Return(chunk);
        chunk = other;
        return isCopied;
    }
}
