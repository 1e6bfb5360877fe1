using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends frames by any interface: a ring for each (<see cref="TransmitRing"/>), opened when the first frame leaves by it. One
/// thread at a time, of the network namespace that the interfaces are in.</summary>
/// <param name="refused">Told why a ring could not be opened. Frames by that interface are lost, and after a while it is tried again.</param>
public sealed class WaysOut(Action<NativeException> refused) : IDisposable
{
    private const int PauseMilliseconds = 1000;

    private Way[] _ways = [];
    private long _sentBefore, _lostBefore;

    /// <summary>An interface; one without a ring is not tried again before a time.</summary>
    private sealed record Way(int InterfaceIndex, TransmitRing? Ring, long Again)
    {
        public bool IsDue => Ring is null && Environment.TickCount64 >= Again;
    }

    /// <summary>Frames that were handed to devices.</summary>
    public long Sent => _sentBefore + Volatile.Read(ref _ways).Sum(static w => w.Ring?.Sent ?? 0);

    /// <summary>Frames that could not be.</summary>
    public long Lost => _lostBefore + Volatile.Read(ref _ways).Sum(static w => w.Ring?.Lost ?? 0);

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
        var isGone = false;
        foreach (var way in _ways)
        {
            way.Ring?.Flush();
            isGone |= way.Ring?.LastError == Libc.ENXIO;
        }
        if (isGone)
            Forget(static w => w.Ring is { IsGone: true });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var way in _ways)
            way.Ring?.Dispose();
    }

    /// <summary>The MTU has grown, and places with it.</summary>
    private void AddLonger(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        Flush();
        Forget(w => w.InterfaceIndex == interfaceIndex);
        if (Find(interfaceIndex) is { } ring)
            ring.Add(frame);
        else
            _lostBefore++;
    }

    private TransmitRing? Find(int interfaceIndex)
    {
        foreach (var way in _ways)
        {
            if (way.InterfaceIndex == interfaceIndex)
                return way.IsDue ? Open(interfaceIndex) : way.Ring;
        }
        return Open(interfaceIndex);
    }

    private TransmitRing? Open(int interfaceIndex)
    {
        Forget(w => w.InterfaceIndex == interfaceIndex || w.IsDue || w.Ring is { IsGone: true });
        TransmitRing? ring = null;
        try
        {
            ring = TransmitRing.Open(interfaceIndex);
        }
        catch (NativeException e)
        {
            refused(e);
        }
        Volatile.Write(ref _ways, [.. _ways, new Way(interfaceIndex, ring, Environment.TickCount64 + PauseMilliseconds)]);
        return ring;
    }

    private void Forget(Func<Way, bool> which)
    {
        var left = _ways.Where(which).ToArray();
        _sentBefore += left.Sum(static w => w.Ring?.Sent ?? 0);
        _lostBefore += left.Sum(static w => w.Ring?.Lost ?? 0);
        Volatile.Write(ref _ways, [.. _ways.Except(left)]);
        foreach (var way in left)
            way.Ring?.Dispose();
    }
}
