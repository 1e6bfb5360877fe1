using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends frames by any interface: a ring for each (<see cref="TransmitRing"/>), opened when the first frame leaves by it. One
/// thread at a time, of the network namespace that the interfaces are in.</summary>
/// <param name="openFailed">Told why a ring could not be opened. Frames by that interface are lost, and after a while it is tried again.</param>
public sealed class EgressRings(Action<NativeException> openFailed) : IDisposable
{
    private const int PauseMilliseconds = 1000;

    private Egress[] _egresses = [];
    private long _sentBefore, _lostBefore;

    /// <summary>An interface; one without a ring is not tried again before a time.</summary>
    private sealed record Egress(int InterfaceIndex, TransmitRing? Ring, long RetryAt)
    {
        public bool IsRetryDue => Ring is null && Environment.TickCount64 >= RetryAt;
    }

    /// <summary>Frames that were handed to devices.</summary>
    public long Sent => _sentBefore + Volatile.Read(ref _egresses).Sum(static w => w.Ring?.Sent ?? 0);

    /// <summary>Frames that could not be.</summary>
    public long Lost => _lostBefore + Volatile.Read(ref _egresses).Sum(static w => w.Ring?.Lost ?? 0);

    /// <summary>Has a frame sent with the next <see cref="Flush"/>, or before. If there is no room for it, it is lost.</summary>
    /// <param name="interfaceIndex">The way out.</param>
    /// <param name="frame">From the Ethernet header on; copied.</param>
    public void Add(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        if (Find(interfaceIndex) is not { } ring)
            _lostBefore++;
        else if (ring.Fits(frame) || !ring.IsOutdated)
            ring.Add(frame);
        else
            AddLonger(interfaceIndex, frame);
    }

    /// <summary>Sends what was added. A frame that cannot be sent is lost and counted, as frames may be; the others go on.</summary>
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

    /// <summary>The MTU has grown, and places with it.</summary>
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
        Volatile.Write(ref _egresses, [.. _egresses, new Egress(interfaceIndex, ring, Environment.TickCount64 + PauseMilliseconds)]);
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
