using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Waits until frames wait at any of several sockets (poll(2)).</summary>
public sealed unsafe class SocketPoller
{
    private readonly Libc.PollDescriptor[] _descriptors;

    /// <summary>Waits for a ring.</summary>
    public SocketPoller(PacketRing ring) : this([ring.Descriptor])
    {
    }

    /// <summary>Waits for AF_XDP sockets; a driver that sleeps is woken by it.</summary>
    public SocketPoller(IEnumerable<XdpSocket> sockets) : this(sockets.Select(static s => s.Descriptor))
    {
    }

    internal SocketPoller(IEnumerable<int> descriptors) =>
        _descriptors = [.. descriptors.Select(static d => new Libc.PollDescriptor { fd = d, events = Libc.POLLIN })];

    /// <summary>Waits.</summary>
    /// <param name="milliseconds">At most this long.</param>
    /// <returns>False: the time has passed, or one of them has only an error to tell.</returns>
    public bool Wait(int milliseconds)
    {
        fixed (Libc.PollDescriptor* descriptors = _descriptors)
        {
            if (Libc.poll(descriptors, (nuint)_descriptors.Length, milliseconds) <= 0)
                return false;
        }
        foreach (ref readonly var one in _descriptors.AsSpan())
        {
            if ((one.revents & Libc.POLLIN) != 0)
                return true;
        }
        return false;
    }
}
