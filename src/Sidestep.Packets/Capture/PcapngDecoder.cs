using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sidestep.Packets.Capture;

/// <summary>Decodes a pcapng file: a sequence of blocks (draft-ietf-opsawg-pcapng). Blocks of unknown types are
/// skipped.</summary>
internal sealed class PcapngDecoder
{
    private const uint SectionHeader = 0x0a0d0d0a, Interface = 1;
    private const uint ObsoletePacket = 2, SimplePacket = 3, EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1a2b3c4d;
    private const int MinBlock = 12, Frame = 8, Trailer = 4, MaxInterfaces = 4096, Ethernet = 1;
    private const ushort NameOption = 2, ResolutionOption = 9, OffsetOption = 14;

    private readonly List<InterfaceDescription> _interfaces = [];
    private bool _isSwapped;

    /// <summary>An interface of the file. A time unit is a power of 10 or of 2 of a second.</summary>
    private sealed record InterfaceDescription(
        int Link, uint Snap, string? Name, ulong UnitsPerSecond, long OffsetSeconds);

    internal static bool Recognizes(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes) == SectionHeader;

    /// <summary>Name of an interface; null when there is none with this number, or it has no name.</summary>
    internal string? NameOf(int number) => (uint)number < (uint)_interfaces.Count ? _interfaces[number].Name : null;

    internal CapturePiece Read(ReadOnlySpan<byte> bytes, out CaptureRecord frame)
    {
        frame = default;
        if (bytes.Length < MinBlock)
            return new CapturePiece(MinBlock, IsMinimum: true);
        var type = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (type == SectionHeader && !SetOrder(bytes[8..]))
        {
            return CapturePiece.Broken(
                $"the byte-order magic of a section is {Convert.ToHexStringLower(bytes[8..12])}: the file is damaged");
        }
        type = ReadUInt32(bytes, 0);
        var length = ReadUInt32(bytes, 4);
        if (length < MinBlock || length % 4 != 0)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a block has the invalid length {length}: the file is damaged here"));
        if (length > CaptureDecoder.LongestBlock)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a block of {length} bytes is longer than {CaptureDecoder.LongestBlock}: the file is damaged here"));
        if (bytes.Length < length)
            return new CapturePiece((int)length);
        var block = bytes[..(int)length];
        if (ReadUInt32(block, block.Length - Trailer) != length)
        {
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a block has the length {length} at its start and another at its end: the file is damaged here"));
        }
        var body = block[Frame..^Trailer];
        return type switch
        {
            SectionHeader => Section(body, block.Length),
            Interface => Describe(body, block.Length),
            EnhancedPacket => Enhanced(body, block.Length, out frame),
            SimplePacket => Simple(body, block.Length, out frame),
            ObsoletePacket => Obsolete(body, block.Length, out frame),
            _ => new CapturePiece(block.Length),
        };
    }

    private bool SetOrder(ReadOnlySpan<byte> magic)
    {
        _isSwapped = BinaryPrimitives.ReadUInt32LittleEndian(magic) != ByteOrderMagic;
        return !_isSwapped || BinaryPrimitives.ReadUInt32BigEndian(magic) == ByteOrderMagic;
    }

    private CapturePiece Section(ReadOnlySpan<byte> body, int length)
    {
        if (body.Length < 16)
            return CapturePiece.Broken("a section header is too short: the file is damaged here");
        if (ReadUInt16(body, 4) is var version && version != 1)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"version {version} of the pcapng format is not supported: only 1 is"));
        _interfaces.Clear();
        return new CapturePiece(length);
    }

    private CapturePiece Describe(ReadOnlySpan<byte> body, int length)
    {
        if (body.Length < 8)
            return CapturePiece.Broken("the description of an interface is too short: the file is damaged here");
        if (_interfaces.Count == MaxInterfaces)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"the file describes more than {MaxInterfaces} interfaces"));
        string? name = null;
        var units = 1_000_000UL; // without the option, the unit is a microsecond
        var offset = 0L;
        for (var options = body[8..]; options.Length >= 4;)
        {
            int code = ReadUInt16(options, 0), bytes = ReadUInt16(options, 2), padded = bytes + 3 & ~3;
            if (code == 0)
                break;
            if (options.Length < 4 + padded)
                return CapturePiece.Broken("an interface option is longer than its block: the file is damaged here");
            var value = options.Slice(4, bytes);
            if (code == NameOption)
                name = Encoding.UTF8.GetString(value);
            else if (code == ResolutionOption && bytes >= 1)
                units = Units(value[0]);
            else if (code == OffsetOption && bytes >= 8)
                offset = _isSwapped
                    ? BinaryPrimitives.ReadInt64BigEndian(value) : BinaryPrimitives.ReadInt64LittleEndian(value);
            if (units == 0)
                return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                    $"the time resolution {value[0]} of an interface is out of range: the file is damaged here"));
            options = options[(4 + padded)..];
        }
        _interfaces.Add(new InterfaceDescription(ReadUInt16(body, 0), ReadUInt32(body, 4), name, units, offset));
        return new CapturePiece(length);
    }

    /// <summary>Time units per second by option if_tsresol; 0 when they exceed 64 bits.</summary>
    private static ulong Units(byte resolution)
    {
        var power = resolution & 0x7f;
        if ((resolution & 0x80) != 0)
            return power < 64 ? 1UL << power : 0;
        if (power > 19)
            return 0;
        var units = 1UL;
        for (; power > 0; power--)
            units *= 10;
        return units;
    }

    private CapturePiece Enhanced(ReadOnlySpan<byte> body, int length, out CaptureRecord frame)
    {
        frame = default;
        return body.Length < 20 ? CapturePiece.Broken("a block with a frame is too short: the file is damaged here")
            : Timed(ReadUInt32(body, 0), body, length, out frame);
    }

    private CapturePiece Obsolete(ReadOnlySpan<byte> body, int length, out CaptureRecord frame)
    {
        frame = default;
        return body.Length < 20 ? CapturePiece.Broken("a block with a frame is too short: the file is damaged here")
            : Timed((uint)ReadUInt16(body, 0), body, length, out frame);
    }

    /// <summary>The enhanced and the obsolete packet block agree in all but the width of the interface's
    /// number.</summary>
    private CapturePiece Timed(uint number, ReadOnlySpan<byte> body, int length, out CaptureRecord frame)
    {
        var time = (ulong)ReadUInt32(body, 4) << 32 | ReadUInt32(body, 8);
        return Of(number, body[20..], ReadUInt32(body, 12), ReadUInt32(body, 16), time, length, out frame);
    }

    private CapturePiece Simple(ReadOnlySpan<byte> body, int length, out CaptureRecord frame)
    {
        frame = default;
        if (body.Length < 4)
            return CapturePiece.Broken("a block with a frame is too short: the file is damaged here");
        var whole = ReadUInt32(body, 0);
        var snap = _interfaces.Count > 0 && _interfaces[0].Snap > 0 ? _interfaces[0].Snap : uint.MaxValue;
        return Of(0, body[4..], Math.Min(whole, snap), whole, null, length, out frame);
    }

    private CapturePiece Of(
        uint number, ReadOnlySpan<byte> content, uint captured, uint whole, ulong? time, int length,
        out CaptureRecord frame)
    {
        frame = default;
        if (number >= _interfaces.Count)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a frame belongs to interface {number}, which is not described: the file is damaged here"));
        if (captured > content.Length || captured > CaptureDecoder.LongestFrame || whole > int.MaxValue)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a frame of {captured} bytes is longer than its block: the file is damaged here"));
        var source = _interfaces[(int)number];
        if (source.Link != Ethernet)
            return CapturePiece.Broken(LinkTypeProblem(number, source));
        var nanoseconds = time is { } t ? Nanoseconds(t, source) : 0;
        frame = new CaptureRecord(content[..(int)captured], (int)whole, nanoseconds, (int)number);
        return new CapturePiece(length, IsFrame: true);
    }

    private static string LinkTypeProblem(uint number, InterfaceDescription source)
    {
        var name = source.Name is null ? "" : $" ({source.Name})";
        return string.Create(CultureInfo.InvariantCulture,
            $"interface {number}{name} has link type {source.Link}, not Ethernet (1): remove its frames from the file");
    }

    private static long Nanoseconds(ulong time, InterfaceDescription source)
    {
        const ulong PerSecond = 1_000_000_000;
        // In 128 bits: units may be finer or coarser than nanoseconds, and no intermediate result may overflow.
        var nanoseconds = (Int128)((UInt128)time * PerSecond / source.UnitsPerSecond)
            + (Int128)source.OffsetSeconds * PerSecond;
        return (long)Int128.Clamp(nanoseconds, long.MinValue, long.MaxValue);
    }

    private uint ReadUInt32(ReadOnlySpan<byte> bytes, int at) => _isSwapped
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private int ReadUInt16(ReadOnlySpan<byte> bytes, int at) => _isSwapped
        ? BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
