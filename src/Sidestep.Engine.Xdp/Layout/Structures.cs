using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.Engine.Xdp.Layout;

// The structures of src/bpf/tables.h, in the same order; the comments are there. A test compares both by BTF. Fields
// that hold addresses are in network byte order, i.e. the bytes as they lie on the wire.

[StructLayout(LayoutKind.Sequential)]
internal struct Vip
{
    public uint Address;
    public ushort Id;
    public ushort Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Vip6
{
    public AddressWords Address;
    public ushort Id;
    public ushort Flags;
    public uint Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Service
{
    public uint Id;
    public uint SlotBase;
    public uint SlotCount;
    public uint PreviousBase;
    public uint AccessSet;
    public ushort Flags;
    public ushort Profile;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ServiceEntry
{
    public ulong Key;
    public Service Service;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Service6Entry
{
    public AddressWords Address;
    public uint Key;
    public uint Reserved;
    public Service Service;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Range
{
    public uint First;
    public uint Last;
    public Service Service;
}

[StructLayout(LayoutKind.Sequential)]
internal struct VipRecord
{
    public uint Flags;
    public uint RangeBase;
    public uint RangeCount;
    public uint SctpFragments;
    public Services2 Fragments;
    public Service Echo;
}

[InlineArray(2)]
internal struct Services2
{
    private Service _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Profile
{
    public uint TcpTimeout;
    public uint UdpTimeout;
    public uint OtherTimeout;
    public uint FinTimeout;
    public uint RstTimeout;
    public uint PersistenceTimeout;
    public byte PersistencePrefix4;
    public byte PersistencePrefix6;
    public byte Oversized;
    public byte UdpMoves;
    public uint Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Server
{
    public ulong Macs;
    public uint MacsRest;
    public ushort InnerMtu;
    public byte Flags;
    public byte Encapsulation;
    public uint Ifindex;
    public uint Checksum;
    public uint SourceMask;
    public ushort GuePort;
    public ushort Weight;
    public AddressBytes Source;
    public AddressBytes Destination;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Interface
{
    public ushort Reserved;
    public MacBytes Mac;
    public uint Ifindex;
    public uint Address;
    public AddressBytes Address6;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Peer
{
    public ushort Reserved;
    public MacBytes Mac;
}

[InlineArray(6)]
internal struct MacBytes
{
    private byte _first;
}

[InlineArray(16)]
internal struct AddressBytes
{
    private byte _first;
}

[InlineArray(2)]
internal struct AddressWords
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SlotBlock
{
    public BlockSlots Slots;
}

[InlineArray(Constants.BlockSlots)]
internal struct BlockSlots
{
    private uint _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Settings
{
    public ulong HashHigh;
    public ulong HashLow;
    public uint VipSet;
    public uint OnNoService;
    public LongWords5 Reserved;
}

[InlineArray(5)]
internal struct LongWords5
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Control
{
    public uint Layout;
    public uint Reserved0;
    public uint Active;
    public uint Capture;
    public ulong Revision;
    public ulong AppliedAt;
    public LongWords4 Reserved;
}

[InlineArray(4)]
internal struct LongWords4
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FrameCounter
{
    public ulong Packets;
    public ulong Bytes;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CpuCounters
{
    public DecisionCounters Decisions;
    public ServiceCounters Services;
    public ServerCounters Servers;
    public FrameCounter FlowsEvicted;
    public FrameCounter FragmentsEvicted;
    public ServiceCursors RrCursors;
    public uint IcmpTick;
    public uint IcmpTokens;
    public ulong CaptureDue;
    public ulong CaptureNumber;
    public ulong CaptureMissed;
    public ulong CaptureLost;
    public uint CaptureSkipped;
    public uint Reserved;
}

[InlineArray(Constants.DecisionCounters)]
internal struct DecisionCounters
{
    private FrameCounter _first;
}

[InlineArray(Constants.ServiceCapacity)]
internal struct ServiceCounters
{
    private FrameCounter _first;
}

[InlineArray(Constants.ServerCapacity)]
internal struct ServerCounters
{
    private FrameCounter _first;
}

[InlineArray(Constants.ServiceCapacity)]
internal struct ServiceCursors
{
    private uint _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Label
{
    public LabelText Name;
    public LabelText Pool;
    public LabelText Encap;
    public LabelText Address;
    public uint Flags;
    public uint Weight;
    public ulong Time;
}

[InlineArray(Constants.LabelBytes)]
internal struct LabelText
{
    private byte _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Flow
{
    public ulong Id;
    public uint Server;
    public uint Seen;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FlowBucket
{
    public Flows8 Flows;
}

[InlineArray(Constants.FlowBucketEntries)]
internal struct Flows8
{
    private Flow _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FlowKey
{
    public AddressWords Source;
    public AddressWords Destination;
    public uint Ports;
    public byte Protocol;
    public byte Family;
    public ushort Service;
    public uint Since;
    public ushort Profile;
    public ushort Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Fragment
{
    public ulong Id;
    public uint Server;
    public ushort Service;
    public ushort Profile;
    public uint Seen;
    public uint Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FragmentBucket
{
    public Fragments4 Fragments;
}

[InlineArray(Constants.FragmentBucketEntries)]
internal struct Fragments4
{
    private Fragment _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PrefixKey
{
    public uint Length;
    public uint Set;
    public AddressBytes Address;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PuntedFrame
{
    public uint Ifindex;
    public uint Length;
    public ushort Mtu;
    public ushort L3Offset;
    public uint Reserved;
    public FrameContent Frame;
}

[InlineArray(Constants.FrameBytes)]
internal struct FrameContent
{
    private byte _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CaptureAddress
{
    public AddressWords Address;
    public AddressWords Mask;
    public uint Sides;
    public uint Family;
}

[InlineArray(Constants.CaptureAddresses)]
internal struct CaptureAddresses4
{
    private CaptureAddress _first;
}

[InlineArray(Constants.CapturePorts)]
internal struct CapturePorts2
{
    private ushort _first;
}

[InlineArray(Constants.CaptureServers)]
internal struct CaptureServers16
{
    private uint _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CaptureFilter
{
    public CaptureAddresses4 Addresses;
    public CapturePorts2 Ports;
    public ushort Protocol;
    public ushort Protocol6;
    public uint NeedsParsing;
    public uint Service;
    public CaptureServers16 Servers;
    public ulong Verdicts;
    public ulong Interval;
    public uint Snap;
    public uint Sample;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CapturedFrame
{
    public ulong Time;
    public ulong Number;
    public uint Ifindex;
    public uint Length;
    public uint Recorded;
    public uint Service;
    public uint Server;
    public ushort Cpu;
    public byte Verdict;
    public byte Direction;
    public uint Action;
    public uint Reserved;
    public CaptureContent Content;
}

[InlineArray(Constants.CaptureBytes)]
internal struct CaptureContent
{
    private byte _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Features
{
    public byte OneArm;
    public byte Ipv6;
    public byte Outer6;
    public byte GueAndGre;
    public byte OuterSources;
    public byte VipPrefixes;
    public byte AccessLists;
    public byte Peers;
    public uint FlowBuckets;
}

/// <summary>Offsets of the members of struct bank, which is too large for a managed structure.</summary>
internal static class Bank
{
    internal const int Settings = 0;
    internal static readonly int Interfaces = Unsafe.SizeOf<Settings>();
    internal static readonly int Peers = Interfaces + Constants.Interfaces * Unsafe.SizeOf<Interface>();
    internal static readonly int Profiles = Peers + Constants.Peers * Unsafe.SizeOf<Peer>();
    internal static readonly int Services = Profiles + Constants.Profiles * Unsafe.SizeOf<Profile>();
    internal static readonly int Servers = Services + Constants.ServiceEntries * Unsafe.SizeOf<ServiceEntry>();
    internal static readonly int Vips = Servers + Constants.InlineServers * Unsafe.SizeOf<Server>();
    internal static readonly int Size = Vips + Constants.VipEntries * Unsafe.SizeOf<Vip>();
}

/// <summary>Offsets of the members of struct bank6.</summary>
internal static class Bank6
{
    internal const int Vips = 0;
    internal static readonly int Services = Constants.VipEntries * Unsafe.SizeOf<Vip6>();
    internal static readonly int Size = Services + Constants.ServiceEntries * Unsafe.SizeOf<Service6Entry>();
}

/// <summary>Offsets of the members of struct details.</summary>
internal static class Details
{
    internal const int Vips = 0;
    internal static readonly int Ranges = Constants.VipCapacity * Unsafe.SizeOf<VipRecord>();
    internal static readonly int Size = Ranges + Constants.Ranges * Unsafe.SizeOf<Range>();
}

/// <summary>Offsets of the members of struct tables.</summary>
internal static class Tables
{
    internal const int Control = 0;
    internal static readonly int Slots = Unsafe.SizeOf<Control>();
    internal static readonly int Banks = Slots + Constants.InlineBlocks * Constants.BlockSlots * sizeof(uint);
    internal static readonly int Size = Banks + Constants.Banks * Bank.Size;
}
