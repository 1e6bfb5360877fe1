using System.Buffers.Binary;

namespace Sidestep.Daemon;

/// <summary>A record of the map <c>slow</c>: struct punted_frame of src/bpf/tables.h. Integers are little-endian, as on
/// all machines that the program runs on.</summary>
internal readonly ref struct PuntedFrame
{
    // ifindex, length, mtu, l3_offset, reserved
    private const int HeaderBytes = 16;

    /// <summary>The kernel's index of the egress interface.</summary>
    internal required int InterfaceIndex { get; init; }

    /// <summary>MTU of the egress interface, bytes.</summary>
    internal required int MtuBytes { get; init; }

    /// <summary>Offset of the outer IP header in the frame, bytes.</summary>
    internal required int OuterOffset { get; init; }

    /// <summary>The frame from the Ethernet header on.</summary>
    internal required ReadOnlySpan<byte> Frame { get; init; }

    /// <summary>Reads a record of the ring buffer; the frame is a view of it.</summary>
    /// <exception cref="ArgumentException">The record is shorter than the length that it gives.</exception>
    internal static PuntedFrame Read(ReadOnlySpan<byte> record)
    {
        var length = record.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(record[4..]);
        if (length <= 0 || length > record.Length - HeaderBytes)
            throw new ArgumentException($"a record of {record.Length} bytes states a frame of {length} bytes",
                nameof(record));
        return new PuntedFrame
        {
            InterfaceIndex = BinaryPrimitives.ReadInt32LittleEndian(record),
            MtuBytes = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]),
            OuterOffset = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]),
            Frame = record.Slice(HeaderBytes, length),
        };
    }
}
