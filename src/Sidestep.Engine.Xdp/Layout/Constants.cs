namespace Sidestep.Engine.Xdp.Layout;

/// <summary>The constants of src/bpf/tables.h.</summary>
internal static class Constants
{
    internal const uint LayoutVersion = 1;
    internal const int Halves = 2;
    internal const int VipEntries = 32768;
    internal const int VipBits = 15;
    internal const int ServiceEntries = 32768;
    internal const int ServiceBits = 15;
    internal const int Probes = 64;
    internal const int Interfaces = 16;
    internal const int BlockSlots = 1024;
    internal const int SlotBlocks = 16384;
    internal const int Tallies = 64;
    internal const int DropTally = 16;
    internal const int LabelBytes = 64;
    internal const int ServiceCapacity = 4096;
    internal const int ServerCapacity = 16384;
    internal const ulong TableMultiplier = 0x9e3779b97f4a7c15;

    internal const ushort VipUsed = 1 << 0;
    internal const ushort VipAnswerArp = 1 << 1;
    internal const ushort VipAnswerEcho = 1 << 2;
    internal const ushort ServiceHashFiveTuple = 1 << 0;
    internal const byte LabelUsed = 1 << 0;
    internal const byte LabelDisabled = 1 << 1;
    internal const byte LabelUnresolved = 1 << 2;
}

/// <summary>enum encapsulation.</summary>
internal enum Encapsulation : byte
{
    None = 0,
    Ipip = 1,
}
