using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends frames through any interface: one <see cref="TransmitRing"/> per interface, opened for the first
/// frame that leaves through it. One thread at a time, in the network namespace of the interfaces.</summary>
/// <param name="openFailed">Called with the reason when a ring cannot be opened. Frames for that interface are lost; a
/// second later the next frame causes another attempt.</param>
public sealed class EgressRings(Action<NativeException> openFailed) : IDisposable
{
    private const int PauseMilliseconds = 1000;

    private Egress[] _egresses = [];
    private long _sentBefore, _lostBefore;

    /// <summary>An interface and its ring. Null: the ring could not be opened, and no attempt is made before
    /// <c>RetryAt</c>.</summary>
    private sealed record Egress(int InterfaceIndex, TransmitRing? Ring, long RetryAt)
    {
        public bool IsRetryDue => Ring is null && Environment.TickCount64 >= RetryAt;
    }

    /// <summary>Frames that devices accepted.</summary>
    public long Sent => _sentBefore + Volatile.Read(ref _egresses).Sum(static w => w.Ring?.Sent ?? 0);

    /// <summary>Frames that were lost: no ring, a full ring, or rejected by the device.</summary>
    public long Lost => _lostBefore + Volatile.Read(ref _egresses).Sum(static w => w.Ring?.Lost ?? 0);

    /// <summary>Queues a frame, to be sent by the next <see cref="Flush"/> or before. The frame is lost if its ring has
    /// no free entry.</summary>
    /// <param name="interfaceIndex">Index of the egress interface.</param>
    /// <param name="frame">The frame, starting with the Ethernet header; it is copied.</param>
    public void Add(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        if (Find(interfaceIndex) is not { } ring)
            _lostBefore++;
        else if (ring.Fits(frame) || !ring.IsOutdated)
            ring.Add(frame);
        else
            AddLonger(interfaceIndex, frame);
    }

    /// <summary>Sends the queued frames. A frame that cannot be sent is lost and counted; the remaining frames are
    /// still sent.</summary>
    public void Flush()
    {
        var anyGone = false;
        foreach (var egress in _egresses)
        {
            egress.Ring?.Flush();
            anyGone |= egress.Ring?.LastError == Libc.ENXIO;
        }
        if (anyGone)
            Remove(static w => w.Ring is { IsInterfaceGone: true });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var egress in _egresses)
            egress.Ring?.Dispose();
    }

    /// <summary>The MTU has grown: reopens the ring with entries that are large enough.</summary>
    private void AddLonger(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        Flush();
        Remove(w => w.InterfaceIndex == interfaceIndex);
        if (Find(interfaceIndex) is { } ring)
            ring.Add(frame);
        else
            _lostBefore++;
    }

    private TransmitRing? Find(int interfaceIndex)
    {
        foreach (var egress in _egresses)
        {
            if (egress.InterfaceIndex == interfaceIndex)
                return egress.IsRetryDue ? Open(interfaceIndex) : egress.Ring;
        }
        return Open(interfaceIndex);
    }

    private TransmitRing? Open(int interfaceIndex)
    {
        Remove(w => w.InterfaceIndex == interfaceIndex || w.IsRetryDue || w.Ring is { IsInterfaceGone: true });
        TransmitRing? ring = null;
        try
        {
            ring = TransmitRing.Open(interfaceIndex);
        }
        catch (NativeException e)
        {
            openFailed(e);
        }
        var retryAt = Environment.TickCount64 + PauseMilliseconds;
        Volatile.Write(ref _egresses, [.. _egresses, new Egress(interfaceIndex, ring, retryAt)]);
        return ring;
    }

    private void Remove(Func<Egress, bool> which)
    {
        var removed = _egresses.Where(which).ToArray();
        _sentBefore += removed.Sum(static w => w.Ring?.Sent ?? 0);
        _lostBefore += removed.Sum(static w => w.Ring?.Lost ?? 0);
        Volatile.Write(ref _egresses, [.. _egresses.Except(removed)]);
        foreach (var egress in removed)
            egress.Ring?.Dispose();
    }
}
