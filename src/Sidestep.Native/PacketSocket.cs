using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A packet socket (AF_PACKET, packet(7)) of this network namespace. It can send at once; it receives only
/// after <see cref="Bind"/> with a protocol.</summary>
internal sealed unsafe class PacketSocket : IDisposable
{
    // linux/if_packet.h
    private const int Version = 10, Version2 = 1, VnetHeader = 15;

    private readonly FileDescriptor _descriptor;
    private MappedMemory? _ring;

    private PacketSocket(int descriptor) => _descriptor = new FileDescriptor(descriptor);

    /// <summary>The number of the socket's file descriptor.</summary>
    internal int Value => _descriptor.Value;

    /// <summary>Opens a socket that sends and does not receive yet.</summary>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    internal static PacketSocket Open()
    {
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        return descriptor >= 0 ? new PacketSocket(descriptor) : throw NativeException.OfLastError("socket AF_PACKET");
    }

    /// <summary>Opens a socket and passes it on; closes it if that fails.</summary>
    internal static T Open<T>(Func<PacketSocket, T> use)
    {
        var socket = Open();
        try
        {
            return use(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds the socket: frames are delivered from now on, and frames sent without an address leave through
    /// the interface.</summary>
    /// <param name="interfaceIndex">Index of the interface; 0 for all interfaces.</param>
    /// <param name="protocol">EtherType of the frames to receive (ETH_P_*), host byte order; 0 for none.</param>
    internal void Bind(int interfaceIndex, ushort protocol)
    {
        var address = Address(interfaceIndex);
        address.sll_protocol = BinaryPrimitives.ReverseEndianness(protocol);
        if (Libc.bind(Value, &address, (uint)sizeof(Libc.LinkAddress)) != 0)
            throw NativeException.OfLastError("bind AF_PACKET");
    }

    /// <summary>True if the socket is bound to this interface. When an interface is deleted, the kernel unbinds its
    /// sockets for good.</summary>
    internal bool IsBoundTo(int interfaceIndex)
    {
        var address = default(Libc.LinkAddress);
        var length = (uint)sizeof(Libc.LinkAddress);
        return Libc.getsockname(Value, &address, &length) == 0 && address.sll_ifindex == interfaceIndex;
    }

    /// <summary>The link-layer socket address of an interface.</summary>
    internal static Libc.LinkAddress Address(int interfaceIndex) =>
        new() { sll_family = Libc.AF_PACKET, sll_ifindex = interfaceIndex };

    /// <summary>Sets an option of packet sockets; the name is for error messages.</summary>
    internal void Set(int option, int value, string name) => Set(Libc.SOL_PACKET, option, value, name);

    /// <summary>Limits the memory of frames that wait to be received.</summary>
    /// <param name="bytes">The limit; the kernel doubles it.</param>
    internal void SetReceiveBuffer(int bytes) => Set(Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, bytes, "SO_RCVBUFFORCE");

    /// <summary>Limits the memory of sent frames that devices still hold.</summary>
    /// <param name="bytes">The limit; the kernel doubles it.</param>
    internal void SetSendBuffer(int bytes) => Set(Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, bytes, "SO_SNDBUFFORCE");

    /// <summary>Sets the layout of a ring entry: struct tpacket2_hdr, then at an offset struct virtio_net_hdr and the
    /// frame. Call before <see cref="MapRing"/>.</summary>
    internal void SetEntryLayout()
    {
        Set(Version, Version2, "PACKET_VERSION");
        Set(VnetHeader, 1, "PACKET_VNET_HDR");
    }

    /// <summary>Creates a ring and maps it; it lives as long as this socket.</summary>
    /// <param name="option">PACKET_RX_RING or PACKET_TX_RING.</param>
    /// <param name="name">Name of the option, for error messages.</param>
    /// <param name="blocks">Number of blocks of the memory.</param>
    /// <param name="blockBytes">Bytes of a block: a page times a power of two.</param>
    /// <param name="entryBytes">Bytes of an entry; a block has as many entries as fit.</param>
    internal MappedMemory MapRing(int option, string name, int blocks, int blockBytes, int entryBytes)
    {
        // struct tpacket_req: block size, number of blocks, frame size, number of frames
        var request = stackalloc int[] { blockBytes, blocks, entryBytes, blocks * (blockBytes / entryBytes) };
        if (Libc.setsockopt(Value, Libc.SOL_PACKET, option, request, 4 * sizeof(int)) != 0)
            throw NativeException.OfLastError($"setsockopt {name}");
        return _ring = MappedMemory.OfSocket(_descriptor, (long)blocks * blockBytes, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring?.Dispose();
        _descriptor.Dispose();
    }

    private void Set(int level, int option, int value, string name)
    {
        if (Libc.setsockopt(Value, level, option, &value, sizeof(int)) != 0)
            throw NativeException.OfLastError($"setsockopt {name}");
    }
}
