using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Packets.Capture;

/// <summary>Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian. A file is a section header, then interfaces
/// before their first frame, and frames. Writes to memory; the caller does with it what it wants.</summary>
public static class Pcapng
{
    private const uint SectionHeaderBlock = 0x0a0d0d0a, InterfaceDescriptionBlock = 1, EnhancedPacketBlock = 6;
    private const uint ByteOrderMagic = 0x1a2b3c4d;
    private const ushort LinkTypeEthernet = 1;
    private const byte Nanoseconds = 9, XdpVerdict = 2;
    private const int LongestText = ushort.MaxValue - 3;

    /// <summary>Begins the file.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="application">Who writes it.</param>
    public static void WriteSection(IBufferWriter<byte> output, string application)
    {
        var block = new Block(SectionHeaderBlock);
        block.Add(ByteOrderMagic);
        block.Add((ushort)1);
        block.Add((ushort)0);
        block.Add(ulong.MaxValue); // the section's length is not known
        block.AddText(Option.UserApplication, application);
        block.End(output);
    }

    /// <summary>Describes an interface; the first one is number 0, the next 1. Times are nanoseconds.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="description">More about it.</param>
    /// <param name="snap">Bytes of a frame that are recorded at most.</param>
    public static void WriteInterface(IBufferWriter<byte> output, string name, string description, int snap)
    {
        var block = new Block(InterfaceDescriptionBlock);
        block.Add(LinkTypeEthernet);
        block.Add((ushort)0);
        block.Add((uint)snap);
        block.AddText(Option.InterfaceName, name);
        block.AddText(Option.InterfaceDescription, description);
        block.AddBytes(Option.TimeResolution, [Nanoseconds]);
        block.End(output);
    }

    /// <summary>A frame.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="frame">What is known of it.</param>
    /// <param name="bytes">Its beginning.</param>
    public static void WriteFrame(IBufferWriter<byte> output, in PcapngFrame frame, ReadOnlySpan<byte> bytes)
    {
        var block = new Block(EnhancedPacketBlock);
        block.Add((uint)frame.Interface);
        block.Add((uint)(frame.Time >> 32));
        block.Add((uint)frame.Time);
        block.Add((uint)bytes.Length);
        block.Add((uint)frame.Length);
        block.AddPadded(bytes);
        block.AddText(Option.Comment, frame.Comment);
        Span<byte> flags = stackalloc byte[sizeof(uint)], number = stackalloc byte[sizeof(ulong)], verdict = stackalloc byte[1 + sizeof(ulong)];
        BinaryPrimitives.WriteUInt32LittleEndian(flags, frame.IsOut ? 2u : 1u);
        block.AddBytes(Option.Flags, flags);
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)frame.Number);
        block.AddBytes(Option.PacketNumber, number);
        verdict[0] = XdpVerdict;
        BinaryPrimitives.WriteUInt64LittleEndian(verdict[1..], (ulong)frame.XdpAction);
        block.AddBytes(Option.Verdict, verdict);
        block.End(output);
    }

    /// <summary>Codes of options, each in the blocks that it belongs to.</summary>
    private static class Option
    {
        internal const ushort End = 0, Comment = 1, UserApplication = 4;
        internal const ushort InterfaceName = 2, InterfaceDescription = 3, TimeResolution = 9;
        internal const ushort Flags = 2, PacketNumber = 5, Verdict = 7;
    }

    /// <summary>A block: type, length, what is added, options, length again; everything in units of four bytes.</summary>
    private readonly struct Block
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(512);

        internal Block(uint type)
        {
            Add(type);
            Add(0u); // the length
        }

        internal void Add(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(sizeof(ushort)), value);
            _bytes.Advance(sizeof(ushort));
        }

        internal void Add(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
            _bytes.Advance(sizeof(uint));
        }

        internal void Add(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
            _bytes.Advance(sizeof(ulong));
        }

        internal void AddPadded(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            var padding = -bytes.Length & 3;
            _bytes.GetSpan(4)[..padding].Clear();
            _bytes.Advance(padding);
        }

        internal void AddBytes(ushort option, ReadOnlySpan<byte> value)
        {
            Add(option);
            Add((ushort)value.Length);
            AddPadded(value);
        }

        internal void AddText(ushort option, string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            AddBytes(option, bytes.AsSpan(0, Math.Min(bytes.Length, LongestText)));
        }

        internal void End(IBufferWriter<byte> output)
        {
            Add(Option.End);
            Add((ushort)0);
            var length = (uint)(_bytes.WrittenCount + sizeof(uint));
            Add(length);
            var to = output.GetSpan(_bytes.WrittenCount);
            _bytes.WrittenSpan.CopyTo(to);
            BinaryPrimitives.WriteUInt32LittleEndian(to[sizeof(uint)..], length);
            output.Advance(_bytes.WrittenCount);
        }
    }
}

/// <summary>What a pcapng file says about a frame.</summary>
/// <param name="Interface">Number of its interface in the file.</param>
/// <param name="Time">Nanoseconds since 1970.</param>
/// <param name="Length">Bytes of the whole frame.</param>
/// <param name="IsOut">Sent, not received.</param>
/// <param name="Number">The same wherever the same packet is seen.</param>
/// <param name="XdpAction">enum xdp_action of the kernel.</param>
/// <param name="Comment">For people.</param>
public readonly record struct PcapngFrame(
    int Interface, long Time, int Length, bool IsOut, long Number, int XdpAction, string Comment);
