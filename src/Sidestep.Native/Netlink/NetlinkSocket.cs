using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native.Netlink;

/// <summary>A netlink socket, by default NETLINK_ROUTE (rtnetlink(7)), of the network namespace in which it is
/// opened.</summary>
/// <remarks>One thread at a time. Netlink integers are in host byte order, addresses in network byte order.</remarks>
public sealed unsafe class NetlinkSocket : IDisposable
{
    private const int ReceiveBufferBytes = 4 << 20;
    private const int MessageBytes = 1 << 16;
    private readonly FileDescriptor _descriptor;
    private readonly byte[] _buffer = new byte[MessageBytes];
    private uint _sequence;

    private NetlinkSocket(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Opens a netlink socket in this network namespace.</summary>
    /// <param name="multicastGroups">Multicast groups to receive events of (RTMGRP_* bits); 0 for a socket that only
    /// sends requests.</param>
    /// <param name="protocol">NETLINK_*; 0 is NETLINK_ROUTE.</param>
    public static NetlinkSocket Open(uint multicastGroups = 0, int protocol = 0)
    {
        var descriptor = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_NETLINK");
        var owned = new FileDescriptor(descriptor);
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Libc.AF_NETLINK);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], multicastGroups);
        fixed (byte* pointer = address)
        {
            if (Libc.bind(descriptor, pointer, 12) != 0)
                throw NativeException.OfLastError("bind AF_NETLINK");
        }
        // Best effort: without CAP_NET_ADMIN the default size stays, and Receive reports an overflow.
        var size = ReceiveBufferBytes;
        _ = Libc.setsockopt(descriptor, Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, &size, sizeof(int));
        return new NetlinkSocket(owned);
    }

    /// <summary>Sends a request and returns all replies up to the kernel's end mark.</summary>
    /// <param name="request">The request; its flags decide whether it is a dump.</param>
    /// <exception cref="NativeException">The kernel rejected the request; carries its errno.</exception>
    public IReadOnlyList<NetlinkMessage> Execute(NetlinkRequest request)
    {
        var sequence = ++_sequence;
        var bytes = request.Finish(sequence, acknowledge: !request.IsDump);
        fixed (byte* pointer = bytes)
        {
            if (Libc.send(_descriptor.Value, pointer, (nuint)bytes.Length, 0) != bytes.Length)
                throw NativeException.OfLastError($"netlink {request.Purpose}");
        }
        var replies = new List<NetlinkMessage>();
        while (true)
        {
            foreach (var message in ReceiveAll()
                ?? throw new NativeException($"netlink {request.Purpose}", Libc.EAGAIN))
            {
                if (message.Sequence != sequence)
                    continue;
                switch (message.Type)
                {
                    case NetlinkMessage.Done:
                        return replies;
                    case NetlinkMessage.Error:
                        var error = BinaryPrimitives.ReadInt32LittleEndian(message.Payload);
                        return error == 0 ? replies : throw new NativeException($"netlink {request.Purpose}", -error);
                    default:
                        replies.Add(message);
                        break;
                }
            }
        }
    }

    /// <summary>Waits for events of the multicast groups.</summary>
    /// <param name="timeout">Maximum wait; zero reads only what has arrived already.</param>
    /// <returns>Null on timeout; empty when events were lost (ENOBUFS) and the caller must read the whole state
    /// again.</returns>
    public IReadOnlyList<NetlinkMessage>? Receive(TimeSpan timeout)
    {
        if (timeout == TimeSpan.Zero)
            return ReceiveAll(Libc.MSG_DONTWAIT);
        // struct timeval: seconds, microseconds
        var time = stackalloc long[2];
        time[0] = (long)timeout.TotalSeconds;
        time[1] = timeout.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;
        if (Libc.setsockopt(_descriptor.Value, Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, time, 16) != 0)
            throw NativeException.OfLastError("setsockopt SO_RCVTIMEO");
        return ReceiveAll();
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();

    private List<NetlinkMessage>? ReceiveAll(int flags = 0)
    {
        nint length;
        fixed (byte* pointer = _buffer)
        {
            while ((length = Libc.recv(_descriptor.Value, pointer, MessageBytes, flags)) < 0)
            {
                switch (System.Runtime.InteropServices.Marshal.GetLastPInvokeError())
                {
                    case Libc.EINTR:
                        continue;
                    case Libc.EAGAIN:
                        return null;
                    case Libc.ENOBUFS:
                        return [];
                    default:
                        throw NativeException.OfLastError("recv AF_NETLINK");
                }
            }
        }
        return NetlinkMessage.Split(_buffer.AsSpan(0, (int)length));
    }
}
