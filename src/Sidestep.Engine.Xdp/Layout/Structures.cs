using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.Engine.Xdp.Layout;

// The structures of src/bpf/tables.h, in its order; their comments are there. A test compares both by BTF.
// Multi-byte fields named Address hold network byte order, i.e. the four bytes as they lie on the wire.

[StructLayout(LayoutKind.Sequential)]
internal struct Vip
{
    public uint Address;
    public ushort Id;
    public ushort Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Service
{
    public ulong Key;
    public uint Id;
    public uint SlotBase;
    public uint SlotCount;
    public ushort Flags;
    public Encapsulation Encapsulation;
    public byte Reserved0;
    public ulong Reserved1;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Server
{
    public ulong Macs;
    public uint MacsRest;
    public ushort Mtu;
    public ushort Flags;
    public uint Ifindex;
    public uint Source;
    public uint Destination;
    public uint Checksum;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Interface
{
    public MacBytes Mac;
    public ushort Reserved;
    public uint Ifindex;
}

[InlineArray(6)]
internal struct MacBytes
{
    private byte _first;
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
    public LongWords6 Reserved;
}

[InlineArray(6)]
internal struct LongWords6
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Control
{
    public uint Layout;
    public uint Active;
    public ulong Revision;
    public ulong AppliedAt;
    public LongWords5 Reserved;
}

[InlineArray(5)]
internal struct LongWords5
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Counter
{
    public ulong Packets;
    public ulong Bytes;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CpuCounters
{
    public TallyCounters Tallies;
    public ServiceCounters Services;
    public ServerCounters Servers;
}

[InlineArray(Constants.Tallies)]
internal struct TallyCounters
{
    private Counter _first;
}

[InlineArray(Constants.ServiceCapacity)]
internal struct ServiceCounters
{
    private Counter _first;
}

[InlineArray(Constants.ServerCapacity)]
internal struct ServerCounters
{
    private Counter _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Label
{
    public LabelText Name;
    public LabelText Pool;
    public uint Address;
    public ushort Port;
    public byte Protocol;
    public byte Flags;
    public uint Weight;
    public Encapsulation Encapsulation;
    public Bytes3 Reserved0;
    public Words4 Reserved1;
}

[InlineArray(Constants.LabelBytes)]
internal struct LabelText
{
    private byte _first;
}

[InlineArray(3)]
internal struct Bytes3
{
    private byte _first;
}

[InlineArray(4)]
internal struct Words4
{
    private uint _first;
}

/// <summary>Offsets of the members of struct half, which is too large for a managed structure.</summary>
internal static class Half
{
    internal const int Settings = 0;
    internal static readonly int Interfaces = Unsafe.SizeOf<Settings>();
    internal static readonly int Vips = Interfaces + Constants.Interfaces * Unsafe.SizeOf<Interface>();
    internal static readonly int Services = Vips + Constants.VipEntries * Unsafe.SizeOf<Vip>();
    internal static readonly int Servers = Services + Constants.ServiceEntries * Unsafe.SizeOf<Service>();
    internal static readonly int Size = Servers + Constants.ServerCapacity * Unsafe.SizeOf<Server>();
}

/// <summary>Offsets of the members of struct tables.</summary>
internal static class Tables
{
    internal const int Control = 0;
    internal static readonly int Halves = Unsafe.SizeOf<Control>();
    internal static readonly int Size = Halves + Constants.Halves * Half.Size;
}
