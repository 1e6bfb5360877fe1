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

    /// <summary>Where the IP header begins.</summary>
    internal int L3;

    /// <summary>Where the transport header begins.</summary>
    internal int L4;

    /// <summary>Bytes of the datagram.</summary>
    internal int Length;

    /// <summary>DSCP and ECN.</summary>
    internal uint TrafficClass;

    internal bool IsIpv6;
    internal ulong Source0, Source1, Destination0, Destination1;

    /// <summary>Source port in the low half, destination port in the high half.</summary>
    internal uint Ports;

    internal int Protocol;

    /// <summary>0 where there are none to be seen.</summary>
    internal byte TcpFlags;

    /// <summary>An ICMP error: the tuple is that of the flow that it is about.</summary>
    internal bool IsQuoted;

    /// <summary>The first of several fragments.</summary>
    internal bool IsFirst;

    /// <summary>A fragment without a transport header.</summary>
    internal bool IsLater;

    /// <summary>As it lies in the packet.</summary>
    internal uint FragmentId;

    /// <summary>Routers may fragment it: IPv4 without DF.</summary>
    internal bool MayFragment;

    /// <summary>Of ICMP and ICMPv6.</summary>
    internal IcmpKind Icmp;

    /// <summary>Number of the VIP; <see cref="None"/>.</summary>
    internal int Vip;

    /// <summary>Id of the service; <see cref="None"/>.</summary>
    internal int Service;

    internal ulong Hash;

    /// <summary>In the slot table; <see cref="None"/> when none was asked.</summary>
    internal int Slot;

    internal Memory Remembered;

    /// <summary>Id of the real server; 0 is none.</summary>
    internal int Server;

    /// <summary>The server's connections end with resets.</summary>
    internal bool NeedsReset;

    internal DropReason Reason;

    /// <summary>Index of the interface that it leaves by.</summary>
    internal int Egress;

    /// <summary>The source port, in host order.</summary>
    internal int SourcePort => (int)((Ports & 0xff) << 8 | Ports >> 8 & 0xff);

    /// <summary>The destination port, in host order.</summary>
    internal int DestinationPort => (int)((Ports >> 8 & 0xff00) | Ports >> 24);

    /// <summary>Both, in host order: the source port in the high half.</summary>
    internal uint HostPorts => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Ports);

    /// <summary>It has ports, or its first fragment has.</summary>
    internal bool HasPorts => Protocol is Parse.Tcp or Parse.Udp;

    /// <summary>Forgets the frame before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Begin(int frameLength, int interfaceIndex)
    {
        FrameLength = frameLength;
        L3 = L4 = Length = 0;
        TrafficClass = 0;
        IsIpv6 = false;
        Source0 = Source1 = Destination0 = Destination1 = 0;
        Ports = 0;
        Protocol = None;
        TcpFlags = 0;
        IsQuoted = IsFirst = IsLater = MayFragment = NeedsReset = false;
        Icmp = IcmpKind.None;
        Vip = Service = Slot = None;
        Hash = 0;
        Remembered = Memory.NotAsked;
        Server = 0;
        Reason = 0;
        Egress = interfaceIndex;
    }

    internal Decision Drop(DropReason reason)
    {
        Reason = reason;
        return Decision.Drop;
    }
}

/// <summary>ICMP and ICMPv6, as far as it matters.</summary>
internal enum IcmpKind
{
    /// <summary>Not ICMP, or none of the others.</summary>
    None,

    /// <summary>An echo request, or a later fragment: nothing else is long enough to be fragmented.</summary>
    EchoRequest,

    /// <summary>An error about a packet.</summary>
    Error,
}

/// <summary>What the flow table had to say.</summary>
public enum Memory
{
    /// <summary>The slot is settled: nothing was looked up.</summary>
    NotAsked,

    /// <summary>The flow was not remembered, and is not now.</summary>
    Unknown,

    /// <summary>The flow was remembered.</summary>
    Known,

    /// <summary>The flow was not remembered, or its server is gone; it is now.</summary>
    Begun,

    /// <summary>A later fragment, which goes where the first one went.</summary>
    Fragment,
}
