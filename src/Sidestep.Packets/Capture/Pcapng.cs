using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Packets.Capture;

/// <summary>Encodes blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian. A file is a section header, then
/// frames, each after the description of its interface.</summary>
public static class Pcapng
{
    private const uint SectionHeaderBlock = 0x0a0d0d0a, InterfaceDescriptionBlock = 1, EnhancedPacketBlock = 6;
    private const uint ByteOrderMagic = 0x1a2b3c4d;
    private const ushort LinkTypeEthernet = 1;
    private const byte Nanoseconds = 9, XdpVerdict = 2;
    private const int LongestText = ushort.MaxValue - 3;

    /// <summary>Writes the section header block, the first of a file.</summary>
    /// <param name="output">Receives the block.</param>
    /// <param name="application">Name of the program that writes the file.</param>
    public static void WriteSection(IBufferWriter<byte> output, string application)
    {
        var block = new Block(SectionHeaderBlock);
        block.Add(ByteOrderMagic);
        block.Add((ushort)1);
        block.Add((ushort)0);
        block.Add(ulong.MaxValue); // the length of the section is not known
        block.AddText(Option.UserApplication, application);
        block.End(output);
    }

    /// <summary>Writes an interface description block. Interfaces are numbered in the order of these blocks, from 0.
    /// Their times have a resolution of one nanosecond.</summary>
    /// <param name="output">Receives the block.</param>
    /// <param name="name">Name of the interface.</param>
    /// <param name="description">Description of the interface for people.</param>
    /// <param name="snap">The most bytes that are recorded of a frame.</param>
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

    /// <summary>Writes an enhanced packet block.</summary>
    /// <param name="output">Receives the block.</param>
    /// <param name="frame">Metadata of the frame.</param>
    /// <param name="bytes">The recorded bytes: the beginning of the frame.</param>
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
        Span<byte> flags = stackalloc byte[sizeof(uint)];
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        Span<byte> verdict = stackalloc byte[1 + sizeof(ulong)];
        BinaryPrimitives.WriteUInt32LittleEndian(flags, frame.IsOut ? 2u : 1u);
        block.AddBytes(Option.Flags, flags);
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)frame.Number);
        block.AddBytes(Option.PacketNumber, number);
        verdict[0] = XdpVerdict;
        BinaryPrimitives.WriteUInt64LittleEndian(verdict[1..], (ulong)frame.XdpAction);
        block.AddBytes(Option.Verdict, verdict);
        block.End(output);
    }

    /// <summary>Codes of options: general ones, of an interface description, and of an enhanced packet.</summary>
    private static class Option
    {
        internal const ushort End = 0, Comment = 1, UserApplication = 4;
        internal const ushort InterfaceName = 2, InterfaceDescription = 3, TimeResolution = 9;
        internal const ushort Flags = 2, PacketNumber = 5, Verdict = 7;
    }

    /// <summary>A block: type, length, body, options, and the length again; each part is padded to four
    /// bytes.</summary>
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

/// <summary>Metadata of a frame in a pcapng file.</summary>
/// <param name="Interface">Number of the interface in the file, from 0.</param>
/// <param name="Time">Nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Length">Length of the frame on the wire, in bytes.</param>
/// <param name="IsOut">The frame was sent, not received.</param>
/// <param name="Number">Packet number: the same for every record of the same packet (epb_packetid).</param>
/// <param name="XdpAction">Verdict of the XDP program: a value of enum xdp_action of the kernel.</param>
/// <param name="Comment">Comment for people (opt_comment).</param>
public readonly record struct PcapngFrame(
    int Interface, long Time, int Length, bool IsOut, long Number, int XdpAction, string Comment);
