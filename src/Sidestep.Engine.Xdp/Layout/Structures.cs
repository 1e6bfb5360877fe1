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
    public MacBytes Mac;
    public byte Egress;
    public byte Flags;
    public uint Address;
    public uint Checksum;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Egress
{
    public MacBytes Mac;
    public ushort Mtu;
    public uint Ifindex;
    public uint Address;
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
    public ulong ServiceSeed;
    public uint VipSeed;
    public Words9 Reserved;
}

[InlineArray(9)]
internal struct Words9
{
    private uint _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Control
{
    public uint Layout;
    public uint Active;
    public ulong Revision;
    public ulong AppliedAt;
    public uint ServiceCapacity;
    public uint ServerCapacity;
    public LongWords4 Reserved;
    public BothSettings Settings;
    public AllEgress Egress;
}

[InlineArray(4)]
internal struct LongWords4
{
    private ulong _first;
}

[InlineArray(Constants.Versions)]
internal struct BothSettings
{
    private Settings _first;
}

[InlineArray(Constants.Versions * Constants.EgressEntries)]
internal struct AllEgress
{
    private Egress _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Counter
{
    public ulong Packets;
    public ulong Bytes;
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

/// <summary>Offsets of the members of struct tables, which is too large for a managed structure.</summary>
internal static class Tables
{
    internal const int Control = 0;
    internal static readonly int Vips = Unsafe.SizeOf<Control>();
    internal static readonly int Services = Vips + Constants.Versions * Constants.VipEntries * Unsafe.SizeOf<Vip>();
    internal static readonly int Size = Services + Constants.Versions * Constants.ServiceEntries * Unsafe.SizeOf<Service>();
}
