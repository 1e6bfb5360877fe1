using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Waits until a frame arrives at any of several sockets (poll(2)).</summary>
public sealed unsafe class SocketPoller
{
    private readonly Libc.PollDescriptor[] _descriptors;

    /// <summary>Polls the ring of one packet socket.</summary>
    public SocketPoller(PacketRing ring) : this([ring.Descriptor])
    {
    }

    /// <summary>Polls AF_XDP sockets; the call also wakes a driver that sleeps.</summary>
    public SocketPoller(IEnumerable<XdpSocket> sockets) : this(sockets.Select(static s => s.Descriptor))
    {
    }

    internal SocketPoller(IEnumerable<int> descriptors) =>
        _descriptors = [.. descriptors.Select(static d => new Libc.PollDescriptor { fd = d, events = Libc.POLLIN })];

    /// <summary>Waits until a frame can be received from any of the sockets.</summary>
    /// <param name="milliseconds">Maximum wait.</param>
    /// <returns>False on timeout, or when a socket reports only an error.</returns>
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
