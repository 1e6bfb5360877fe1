using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>What the stages have found out about one frame. One per pipeline, used again for each frame.</summary>
/// <remarks>Addresses and ports are words as a little-endian machine reads them from the wire, IPv4 in the low half of the first;
/// for an ICMP error they are those of the flow that it is about, as its client sends it.</remarks>
internal sealed class Packet
{
    /// <summary>In place of an id: nothing was found.</summary>
    internal const int None = -1;

    /// <summary>Bytes of the frame as it came in.</summary>
    internal int FrameLength;

    /// <summary>Index of the interface that it leaves by: the one that it came in by, until a server is known.</summary>
    internal int Egress;

    /// <summary>Where the IP header begins.</summary>
    internal int L3;

    /// <summary>Where the transport header begins; has a meaning where there is a protocol.</summary>
    internal int L4;

    /// <summary>As it lies in the packet; has a meaning of fragments.</summary>
    internal uint FragmentId;

    /// <summary>Source port in the low half, destination port in the high half.</summary>
    internal uint Ports;

    /// <summary>Bytes of the datagram.</summary>
    internal int Length;

    /// <summary>DSCP and ECN.</summary>
    internal uint TrafficClass;

    internal bool IsIpv6;
    internal ulong Source0, Source1, Destination0, Destination1;

    /// <summary>What chose the slot; has a meaning where there is one.</summary>
    internal ulong Hash;

    internal int Protocol;

    /// <summary>0 where there are none to be seen.</summary>
    internal byte TcpFlags;

    /// <summary>What hardly any packet has: one look says that this one has none of it.</summary>
    internal PacketFlags Flags;

    /// <summary>Routers may fragment it: IPv4 without DF.</summary>
    internal bool MayFragment;

    /// <summary>Number of the VIP; <see cref="None"/>.</summary>
    internal int Vip;

    /// <summary>Id of the service; <see cref="None"/>.</summary>
    internal int Service;

    /// <summary>In the slot table; <see cref="None"/> when none was asked.</summary>
    internal int Slot;

    internal FlowLookup FlowLookup;

    /// <summary>Id of the real server; 0 is none.</summary>
    internal int Server;

    internal DropReason Reason;

    /// <summary>The source port, in host order.</summary>
    internal int SourcePort => (int)(HostPorts >> 16);

    /// <summary>The destination port, in host order.</summary>
    internal int DestinationPort => (ushort)HostPorts;

    /// <summary>Both, in host order: the source port in the high half.</summary>
    internal uint HostPorts => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Ports);

    /// <summary>It has ports, or its first fragment has.</summary>
    internal bool HasPorts => Protocol is Parse.Tcp or Parse.Udp;

    /// <summary>An ICMP error: the tuple is that of the flow that it is about.</summary>
    internal bool IsQuoted => (Flags & PacketFlags.Quoted) != 0;

    /// <summary>The first of several fragments.</summary>
    internal bool IsFirstFragment => (Flags & PacketFlags.FirstFragment) != 0;

    /// <summary>A fragment without a transport header.</summary>
    internal bool IsLaterFragment => (Flags & PacketFlags.LaterFragment) != 0;

    /// <summary>An echo request, or a later fragment of ICMP: nothing else is long enough to be fragmented.</summary>
    internal bool IsEchoRequest => (Flags & PacketFlags.EchoRequest) != 0;

    /// <summary>The server's connections end with resets.</summary>
    internal bool NeedsReset => (Flags & PacketFlags.NeedsReset) != 0;

    /// <summary>Forgets the frame before.</summary>
    /// <remarks>In the order in which the fields lie in memory, so that stores of neighbours become one. What is written before anybody
    /// reads it stays as it is: where the headers begin, the hash, the number of a fragment.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Begin(int frameLength, int interfaceIndex)
    {
        Source0 = 0;
        Source1 = 0;
        Destination0 = 0;
        Destination1 = 0;
        FrameLength = frameLength;
        Egress = interfaceIndex;
        Ports = 0;
        Length = 0;
        TrafficClass = 0;
        Protocol = None;
        Vip = None;
        Service = None;
        Slot = None;
        FlowLookup = FlowLookup.Skipped;
        Server = 0;
        Reason = 0;
        IsIpv6 = false;
        TcpFlags = 0;
        Flags = 0;
        MayFragment = false;
    }

    internal Decision Drop(DropReason reason)
    {
        Reason = reason;
        return Decision.Drop;
    }
}

/// <summary>What makes a packet special.</summary>
[Flags]
internal enum PacketFlags : byte
{
    /// <summary>See <see cref="Packet.IsEchoRequest"/>.</summary>
    EchoRequest = 1,

    /// <summary>An ICMP error about a packet.</summary>
    IcmpError = 2,

    /// <summary>See <see cref="Packet.IsQuoted"/>.</summary>
    Quoted = 4,

    /// <summary>A neighbour solicitation.</summary>
    Solicitation = 8,

    /// <summary>See <see cref="Packet.IsFirstFragment"/>.</summary>
    FirstFragment = 16,

    /// <summary>See <see cref="Packet.IsLaterFragment"/>.</summary>
    LaterFragment = 32,

    /// <summary>See <see cref="Packet.NeedsReset"/>.</summary>
    NeedsReset = 64,
}

/// <summary>What the flow table had to say.</summary>
public enum FlowLookup
{
    /// <summary>The slot is settled: nothing was looked up.</summary>
    Skipped,

    /// <summary>The flow was not remembered, and is not now.</summary>
    Miss,

    /// <summary>The flow was remembered.</summary>
    Hit,

    /// <summary>The flow was not remembered, or its server is gone; it is now.</summary>
    Inserted,

    /// <summary>A later fragment, which goes where the first one went.</summary>
    Fragment,
}
