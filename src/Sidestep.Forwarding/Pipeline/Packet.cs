using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>State of one frame that the stages share. Each pipeline has one instance and reuses it for each
/// frame.</summary>
/// <remarks>Addresses and ports are words as read little-endian from the wire; IPv4 uses the lower 32 bits of the first
/// one. For an ICMP error, they are those of the flow that the error is about, as the client sends it.</remarks>
internal sealed class Packet
{
    /// <summary>Value of an ID when none was found.</summary>
    internal const int None = -1;

    /// <summary>Length of the received frame in bytes.</summary>
    internal int FrameLength;

    /// <summary>Index of the egress interface: the ingress interface until a server is chosen.</summary>
    internal int Egress;

    /// <summary>Offset of the IP header in the frame, in bytes.</summary>
    internal int L3;

    /// <summary>Offset of the transport header in the frame, in bytes; meaningless without a protocol.</summary>
    internal int L4;

    /// <summary>Identification field of a fragment, as read little-endian; meaningless otherwise.</summary>
    internal uint FragmentId;

    /// <summary>Source port in the lower 16 bits, destination port in the upper 16 bits, in network byte
    /// order.</summary>
    internal uint Ports;

    /// <summary>Length of the IP datagram in bytes.</summary>
    internal int Length;

    /// <summary>DSCP in the upper six bits, ECN in the lower two.</summary>
    internal uint TrafficClass;

    internal bool IsIpv6;
    internal ulong Source0, Source1, Destination0, Destination1;

    /// <summary>Source address of an IPv6 packet.</summary>
    internal Ipv6Address Source6 => Address6(Source0, Source1);

    /// <summary>Destination address of an IPv6 packet.</summary>
    internal Ipv6Address Destination6 => Address6(Destination0, Destination1);

    /// <summary>The flow hash that chose the slot; meaningless without a slot.</summary>
    internal ulong Hash;

    /// <summary>IP protocol of the transport; <see cref="None"/> when it is not known.</summary>
    internal int Protocol;

    /// <summary>Control bits of a TCP header; 0 without a complete one.</summary>
    internal TcpControlBits TcpFlags;

    /// <summary>Rare properties of the packet. Most packets have none, which one test shows.</summary>
    internal PacketFlags Flags;

    /// <summary>Routers may fragment the datagram: IPv4 without DF.</summary>
    internal bool MayFragment;

    /// <summary>Index of the VIP; <see cref="None"/> when the destination is no VIP.</summary>
    internal int Vip;

    /// <summary>ID of the service; <see cref="None"/> when none matches.</summary>
    internal int Service;

    /// <summary>Index in the slot table; <see cref="None"/> when no slot was looked up.</summary>
    internal int Slot;

    internal FlowLookup FlowLookup;

    /// <summary>ID of the real server; 0: none.</summary>
    internal int Server;

    internal DropReason Reason;

    /// <summary>The source port, in host byte order.</summary>
    internal int SourcePort => (int)(HostPorts >> 16);

    /// <summary>The destination port, in host byte order.</summary>
    internal int DestinationPort => (ushort)HostPorts;

    /// <summary>Both ports in host byte order: the source port in the upper 16 bits.</summary>
    internal uint HostPorts => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Ports);

    /// <summary>The protocol has ports. A later fragment does not show them.</summary>
    internal bool HasPorts => Parse.HasPorts(Protocol);

    /// <summary>An ICMP error that quotes a flow: the tuple is that of the flow.</summary>
    internal bool IsQuoted => (Flags & PacketFlags.Quoted) != 0;

    /// <summary>The first fragment of a datagram.</summary>
    internal bool IsFirstFragment => (Flags & PacketFlags.FirstFragment) != 0;

    /// <summary>A fragment without a transport header.</summary>
    internal bool IsLaterFragment => (Flags & PacketFlags.LaterFragment) != 0;

    /// <summary>An echo request, or a later fragment of ICMP: no other ICMP message is long enough to be
    /// fragmented.</summary>
    internal bool IsEchoRequest => (Flags & PacketFlags.EchoRequest) != 0;

    /// <summary>The flow hash covers the source address alone, whatever the service says: there are no ports, or no
    /// fragment of the datagram may depend on them.</summary>
    internal bool HashesSourceAlone => (Flags & (PacketFlags.EchoRequest | PacketFlags.WithoutPorts)) != 0;

    /// <summary>The packet belongs to a server whose connections are reset.</summary>
    internal bool NeedsReset => (Flags & PacketFlags.NeedsReset) != 0;

    /// <summary>Resets the state for the next frame.</summary>
    /// <remarks>In the order of the fields in memory, so that the JIT merges stores to adjacent fields. Fields that are
    /// always written before they are read are not reset: header offsets, the hash, the fragment ID.</remarks>
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

    private static Ipv6Address Address6(ulong first, ulong second) => new(new UInt128(
        BinaryPrimitives.ReverseEndianness(first), BinaryPrimitives.ReverseEndianness(second)));

    internal Decision Drop(DropReason reason)
    {
        Reason = reason;
        return Decision.Drop;
    }
}

/// <summary>Rare properties of a packet, which take it off the common path.</summary>
[Flags]
internal enum PacketFlags : byte
{
    /// <summary>See <see cref="Packet.IsEchoRequest"/>.</summary>
    EchoRequest = 1,

    /// <summary>The packet is an ICMP error message.</summary>
    IcmpError = 2,

    /// <summary>The tuple is from a quoted packet (<see cref="Packet.IsQuoted"/>).</summary>
    Quoted = 4,

    /// <summary>A neighbour solicitation.</summary>
    Solicitation = 8,

    /// <summary>See <see cref="Packet.IsFirstFragment"/>.</summary>
    FirstFragment = 16,

    /// <summary>See <see cref="Packet.IsLaterFragment"/>.</summary>
    LaterFragment = 32,

    /// <summary>The reply is a TCP reset (<see cref="Packet.NeedsReset"/>).</summary>
    NeedsReset = 64,

    /// <summary>See <see cref="Packet.HashesSourceAlone"/>: a quoted echo reply, whose tuple is that of the request, or
    /// a fragment that is not tracked.</summary>
    WithoutPorts = 128,
}

/// <summary>Result of the lookup in the flow table.</summary>
public enum FlowLookup
{
    /// <summary>The slot is stable: no lookup took place.</summary>
    Skipped,

    /// <summary>The flow was not tracked, and still is not.</summary>
    Miss,

    /// <summary>The flow was tracked, and keeps its server.</summary>
    Hit,

    /// <summary>The flow was not tracked, or its server is gone; now it is tracked.</summary>
    Inserted,

    /// <summary>A later fragment, which follows its first fragment.</summary>
    Fragment,
}
