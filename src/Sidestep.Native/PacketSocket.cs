using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A packet socket (AF_PACKET, packet(7)) of this network namespace. It sends; nothing is delivered to it before it is bound to a
/// protocol.</summary>
internal sealed unsafe class PacketSocket : IDisposable
{
    // linux/if_packet.h
    private const int Version = 10, Version2 = 1, VnetHeader = 15;

    private readonly FileDescriptor _descriptor;
    private MappedMemory? _ring;

    private PacketSocket(int descriptor) => _descriptor = new FileDescriptor(descriptor);

    /// <summary>Its descriptor.</summary>
    internal int Value => _descriptor.Value;

    /// <summary>Opens one.</summary>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    internal static PacketSocket Open()
    {
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        return descriptor >= 0 ? new PacketSocket(descriptor) : throw NativeException.OfLastError("socket AF_PACKET");
    }

    /// <summary>Opens one for somebody; if that fails, it is closed.</summary>
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

    /// <summary>From now on frames are delivered, and what is sent without an address leaves there.</summary>
    /// <param name="interfaceIndex">0: all of them.</param>
    /// <param name="protocol">ETH_P_* of the frames that are to be delivered; 0: none.</param>
    internal void Bind(int interfaceIndex, ushort protocol)
    {
        var address = Address(interfaceIndex);
        address.sll_protocol = BinaryPrimitives.ReverseEndianness(protocol);
        if (Libc.bind(Value, &address, (uint)sizeof(Libc.LinkAddress)) != 0)
            throw NativeException.OfLastError("bind AF_PACKET");
    }

    /// <summary>The address of an interface.</summary>
    internal static Libc.LinkAddress Address(int interfaceIndex) => new() { sll_family = Libc.AF_PACKET, sll_ifindex = interfaceIndex };

    /// <summary>Sets an option of packet sockets, whose name an error says.</summary>
    internal void Set(int option, int value, string name) => Set(Libc.SOL_PACKET, option, value, name);

    /// <summary>Bounds what waits to be received.</summary>
    /// <param name="bytes">The kernel takes twice as much.</param>
    internal void SetReceiveBuffer(int bytes) => Set(Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, bytes, "SO_RCVBUFFORCE");

    /// <summary>Bounds what devices hold of what was sent.</summary>
    /// <param name="bytes">The kernel takes twice as much.</param>
    internal void SetSendBuffer(int bytes) => Set(Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, bytes, "SO_SNDBUFFORCE");

    /// <summary>Says what a place of a ring is: struct tpacket2_hdr, and somewhere behind it struct virtio_net_hdr and the frame. Comes before
    /// <see cref="MapRing"/>.</summary>
    internal void SetEntryLayout()
    {
        Set(Version, Version2, "PACKET_VERSION");
        Set(VnetHeader, 1, "PACKET_VNET_HDR");
    }

    /// <summary>Shares a ring with the kernel, for as long as there is this socket.</summary>
    /// <param name="option">PACKET_RX_RING or PACKET_TX_RING.</param>
    /// <param name="name">Its name.</param>
    /// <param name="blocks">How many blocks the memory has.</param>
    /// <param name="blockBytes">Bytes of each, a power of two of pages.</param>
    /// <param name="entryBytes">Bytes of a place; a block has as many as fit.</param>
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
