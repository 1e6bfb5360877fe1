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

    private Port[] _ports = [];
    private Readiness _readiness = new(Array.Empty<XdpSocket>());
    private long _sent, _lost, _lostBefore;

    /// <summary>A socket, and the memory of its frames.</summary>
    private sealed record Port(XdpSocket Socket, FrameMemory Memory);

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
    internal IEnumerable<XdpSocket> Sockets => Volatile.Read(ref _ports).Select(static p => p.Socket);

    /// <summary>It takes no frames from anywhere.</summary>
    internal bool IsIdle => _ports.Length == 0;

    /// <summary>Takes frames from these as well, from now on.</summary>
    /// <param name="memory">Of all of them; the worker's own from now on, as the sockets are.</param>
    /// <param name="sockets">One for each interface.</param>
    internal void Add(FrameMemory memory, IEnumerable<XdpSocket> sockets) => Between(() => Use([.. _ports, .. sockets.Select(s => new Port(s, memory))]));

    /// <summary>Takes none from these any more.</summary>
    internal void Remove(IReadOnlyCollection<int> interfaces) => Between(() =>
    {
        var former = _ports;
        Use([.. former.Where(p => !interfaces.Contains(p.Socket.InterfaceIndex))]);
        foreach (var port in former.Except(_ports))
        {
            _lostBefore += port.Socket.Lost;
            port.Socket.Dispose();
        }
        // What the kernel had of a memory that others go on with is not theirs again: it goes with the last of them.
        foreach (var memory in former.Select(static p => p.Memory).Distinct().Except(_ports.Select(static p => p.Memory)))
            memory.Dispose();
    });

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var any = false;
        foreach (var port in _ports)
            any |= TakeBack(port);
        foreach (var port in _ports)
            any |= Receive(port);
        _elsewhere.Flush();
        foreach (var port in _ports)
        {
            port.Socket.Transmit.Publish();
            port.Socket.WakeTransmit();
            port.Socket.Refill();
        }
        return any;
    }

    /// <inheritdoc/>
    protected override void Wait(int milliseconds)
    {
        foreach (var port in _ports)
        {
            // A device that was busy has frames of ours: they go out with the next round.
            if (!port.Socket.Transmit.IsDrained)
                milliseconds = BusyMilliseconds;
        }
        _readiness.Wait(milliseconds);
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        foreach (var port in _ports)
            port.Socket.Dispose();
        foreach (var memory in _ports.Select(static p => p.Memory).Distinct())
            memory.Dispose();
        _elsewhere.Dispose();
    }

    private void Use(Port[] ports)
    {
        _readiness = new Readiness(ports.Select(static p => p.Socket));
        Volatile.Write(ref _ports, ports);
    }

    /// <summary>All that was sent, which may be several sockets' bursts: what is left in the ring keeps the next from being sent.</summary>
    private static bool TakeBack(Port port)
    {
        var any = false;
        while (port.Socket.Completion.TryTake(out var address))
        {
            port.Memory.GiveBack(address);
            any = true;
        }
        if (any)
            port.Socket.Completion.Release();
        return any;
    }

    private bool Receive(Port port)
    {
        var taken = 0;
        while (taken < Burst && port.Socket.Receive.TryTake(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            var frame = new Frame(port.Memory.Chunk(received.Address), (int)(received.Address & FrameMemory.ChunkBytes - 1), (int)received.Length);
            if (_handler.Handle(ref frame, port.Socket.InterfaceIndex))
                Send(port.Memory, received.Address & ~(ulong)(FrameMemory.ChunkBytes - 1), frame);
            else
                port.Memory.GiveBack(received.Address);
        }
        if (taken == 0)
            return false;
        port.Socket.Release(taken);
        return true;
    }

    private void Send(FrameMemory memory, ulong chunk, Frame frame)
    {
        foreach (var port in _ports)
        {
            if (port.Socket.InterfaceIndex != _handler.Egress)
                continue;
            if (port.Memory != memory && !TryCopy(memory, ref chunk, port.Memory, frame))
                _lost++;
            else if (port.Socket.Transmit.TryAdd(new XdpDescriptor { Address = chunk + (uint)frame.Start, Length = (uint)frame.Length }))
                _sent++;
            else
            {
                _lost++;
                port.Memory.GiveBack(chunk);
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
