using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Takes frames from one queue of each of several interfaces, in memory that all of them share, changes them where they lie,
/// and has them sent from there, by the same interface or another.</summary>
internal sealed class AfXdpWorker : Worker
{
    private const int Burst = FrameBatch.Most, BusyMilliseconds = 1;

    private readonly FrameMemory _memory;
    private readonly XdpSocket[] _sockets;
    private readonly FrameHandler _handler;

    /// <summary>For interfaces that have no socket here: those of other drivers, and those with fewer queues.</summary>
    private readonly FrameBatch _elsewhere;

    private readonly ulong[] _elsewhereChunks = new ulong[FrameBatch.Most];
    private readonly Readiness _readiness;
    private int _elsewhereCount;
    private long _sent, _lost;

    /// <param name="number">Of the worker: of the queue.</param>
    /// <param name="cpu">Where it runs.</param>
    /// <param name="memory">Its own; owned from now on.</param>
    /// <param name="sockets">Its own, all of this memory; owned from now on.</param>
    /// <param name="handler">Its own.</param>
    /// <param name="log">Gets the first problem.</param>
    internal AfXdpWorker(int number, int cpu, FrameMemory memory, IReadOnlyList<XdpSocket> sockets, FrameHandler handler, Action<string> log)
        : base($"af-xdp {number}", cpu, log)
    {
        (_memory, _sockets, _handler) = (memory, [.. sockets], handler);
        _elsewhere = FrameBatch.Open();
        _readiness = new Readiness(_sockets);
        foreach (var socket in _sockets)
            Refill(socket);
    }

    /// <inheritdoc/>
    internal override WorkerFigures Figures => new(_handler.Frames, _sent + _elsewhere.Sent, _sockets.Sum(static s => s.Lost), _lost + _elsewhere.Lost, AllocatedBytes);

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var any = false;
        foreach (var socket in _sockets)
            any |= TakeBack(socket);
        foreach (var socket in _sockets)
            any |= Receive(socket);
        SendElsewhere();
        foreach (var socket in _sockets)
        {
            socket.Transmit.Publish();
            socket.WakeTransmit();
            Refill(socket);
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
        _elsewhere.Dispose();
        _memory.Dispose();
    }

    private bool TakeBack(XdpSocket socket)
    {
        var any = false;
        for (var i = 0; i < Burst && socket.Completion.TryTake(out var address); i++)
        {
            _memory.GiveBack(address);
            any = true;
        }
        if (any)
            socket.Completion.Release();
        return any;
    }

    private bool Receive(XdpSocket socket)
    {
        var taken = 0;
        while (taken < Burst && socket.Receive.TryTake(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            var frame = new Frame(_memory.Chunk(received.Address), (int)(received.Address & FrameMemory.ChunkBytes - 1), (int)received.Length);
            if (_handler.Handle(ref frame, socket.InterfaceIndex))
                Send(received.Address & ~(ulong)(FrameMemory.ChunkBytes - 1), frame);
            else
                _memory.GiveBack(received.Address);
        }
        if (taken == 0)
            return false;
        socket.Receive.Release();
        return true;
    }

    private void Send(ulong chunk, Frame frame)
    {
        foreach (var socket in _sockets)
        {
            if (socket.InterfaceIndex != _handler.Egress)
                continue;
            if (socket.Transmit.TryAdd(new XdpDescriptor { Address = chunk + (uint)frame.Start, Length = (uint)frame.Length }))
            {
                _sent++;
                return;
            }
            _lost++;
            _memory.GiveBack(chunk);
            return;
        }
        if (_elsewhere.IsFull)
            SendElsewhere();
        _elsewhere.Add(_handler.Egress, frame.Bytes);
        _elsewhereChunks[_elsewhereCount++] = chunk;
    }

    private void SendElsewhere()
    {
        _elsewhere.Flush();
        while (_elsewhereCount > 0)
            _memory.GiveBack(_elsewhereChunks[--_elsewhereCount]);
    }

    private void Refill(XdpSocket socket)
    {
        while (_memory.TryTake(out var chunk))
        {
            if (socket.Fill.TryAdd(chunk))
                continue;
            _memory.GiveBack(chunk);
            break;
        }
        if (socket.Fill.Publish())
            socket.WakeReceive();
    }
}
