using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Running;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Takes frames from one queue of each of several interfaces, changes them where they lie, and has them sent from there, by the
/// same interface or another. Interfaces that came together share a memory; to one that came later a frame is copied.</summary>
internal sealed class AfXdpWorker : Worker
{
    private const int Burst = 64, BusyMilliseconds = 1;

    private readonly FrameHandler _handler;

    /// <summary>For interfaces that have no socket here: those of other drivers, and those with fewer queues.</summary>
    private readonly WaysOut _elsewhere;

    private XdpSocket[] _sockets = [];
    private Readiness _readiness = new(Array.Empty<XdpSocket>());
    private long _sent, _lost, _lostBefore;

    /// <param name="number">Of the worker: of the queue.</param>
    /// <param name="cpu">Where it runs.</param>
    /// <param name="handler">Its own.</param>
    /// <param name="log">Gets the first problem.</param>
    internal AfXdpWorker(int number, int cpu, FrameHandler handler, Action<string> log)
        : base($"af-xdp {number}", cpu, log)
    {
        _handler = handler;
        _elsewhere = new WaysOut(Say);
    }

    /// <inheritdoc/>
    internal override WorkerFigures Figures => new(_handler.Frames, _sent + _elsewhere.Sent,
        _lostBefore + Sockets.Sum(static s => s.Lost), _lost + _elsewhere.Lost, AllocatedBytes);

    /// <summary>Where it takes frames from.</summary>
    internal IReadOnlyList<XdpSocket> Sockets => Volatile.Read(ref _sockets);

    /// <summary>It takes no frames from anywhere.</summary>
    internal bool IsIdle => _sockets.Length == 0;

    /// <summary>Takes frames from these as well, from now on.</summary>
    /// <param name="sockets">One for each interface; the worker's own from now on, as the memory is that they share.</param>
    internal void Add(IEnumerable<XdpSocket> sockets) => Between(() => Use([.. _sockets, .. sockets]));

    /// <summary>Takes none from these any more.</summary>
    internal void Remove(IReadOnlyCollection<int> interfaces) => Between(() =>
    {
        var former = _sockets;
        Use([.. former.Where(s => !interfaces.Contains(s.InterfaceIndex))]);
        foreach (var socket in former.Except(_sockets))
        {
            _lostBefore += socket.Lost;
            socket.Dispose();
        }
        // What the kernel had of a memory that others go on with is not theirs again: it goes with the last of them.
        foreach (var memory in former.Select(static s => s.Memory).Except(_sockets.Select(static s => s.Memory)))
            memory.Dispose();
    });

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var any = false;
        foreach (var socket in _sockets)
            any |= socket.TakeBack();
        foreach (var socket in _sockets)
            any |= Receive(socket);
        _elsewhere.Flush();
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
            // A device that was busy has frames of ours: they go out with the next round.
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
        foreach (var memory in _sockets.Select(static s => s.Memory).Distinct())
            memory.Dispose();
        _elsewhere.Dispose();
    }

    private void Use(XdpSocket[] sockets)
    {
        _readiness = new Readiness(sockets);
        Volatile.Write(ref _sockets, sockets);
    }

    private bool Receive(XdpSocket socket)
    {
        var taken = 0;
        while (taken < Burst && socket.Receive.TryTake(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            var frame = new Frame(socket.Memory.Chunk(received.Address), (int)(received.Address & FrameMemory.ChunkBytes - 1), (int)received.Length);
            if (_handler.Handle(ref frame, socket.InterfaceIndex))
                Send(socket.Memory, received.Address & ~(ulong)(FrameMemory.ChunkBytes - 1), frame);
            else
                socket.Memory.GiveBack(received.Address);
        }
        if (taken == 0)
            return false;
        socket.Release(taken);
        return true;
    }

    private void Send(FrameMemory memory, ulong chunk, Frame frame)
    {
        foreach (var socket in _sockets)
        {
            if (socket.InterfaceIndex != _handler.Egress)
                continue;
            if (socket.Memory != memory && !TryCopy(memory, ref chunk, socket.Memory, frame))
                _lost++;
            else if (socket.Transmit.TryAdd(new XdpDescriptor { Address = chunk + (uint)frame.Start, Length = (uint)frame.Length }))
                _sent++;
            else
            {
                _lost++;
                socket.Memory.GiveBack(chunk);
            }
            return;
        }
        _elsewhere.Add(_handler.Egress, frame.Bytes);
        memory.GiveBack(chunk);
    }

    /// <summary>To the same place of a chunk of another memory; the former chunk is free then, in any case.</summary>
    private static bool TryCopy(FrameMemory from, ref ulong chunk, FrameMemory to, Frame frame)
    {
        var isCopied = to.TryTake(out var other);
        if (isCopied)
            frame.Bytes.CopyTo(to.Chunk(other)[frame.Start..]);
        from.GiveBack(chunk);
        chunk = other;
        return isCopied;
    }
}
