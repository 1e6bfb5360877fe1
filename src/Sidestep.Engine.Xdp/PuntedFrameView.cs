using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>A record of the map <c>slow</c>: struct punted_frame of src/bpf/tables.h, whose C# copy the ABI test
/// compares with the program.</summary>
public readonly ref struct PuntedFrameView
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<PuntedFrame>() - Unsafe.SizeOf<FrameContent>();

    /// <summary>The kernel's index of the egress interface.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>MTU of the egress interface, bytes.</summary>
    public required int MtuBytes { get; init; }

    /// <summary>Offset of the outer IP header in the frame, bytes.</summary>
    public required int OuterOffset { get; init; }

    /// <summary>The frame from the Ethernet header on.</summary>
    public required ReadOnlySpan<byte> Frame { get; init; }

    /// <summary>Reads a record of the ring buffer; the frame is a view of it.</summary>
    /// <param name="record">At least the fields and the frame; the program writes the whole structure.</param>
    /// <exception cref="ArgumentException">The record is shorter than the length that it gives.</exception>
    public static PuntedFrameView Read(ReadOnlySpan<byte> record)
    {
        var head = default(PuntedFrame);
        if (record.Length >= HeaderBytes)
            record[..HeaderBytes].CopyTo(MemoryMarshal.AsBytes(new Span<PuntedFrame>(ref head)));
        if (head.Length == 0 || head.Length > record.Length - HeaderBytes)
            throw new ArgumentException($"a record of {record.Length} bytes states a frame of {head.Length} bytes",
                nameof(record));
        return new PuntedFrameView
        {
            InterfaceIndex = (int)head.Ifindex,
            MtuBytes = head.Mtu,
            OuterOffset = head.L3Offset,
            Frame = record.Slice(HeaderBytes, (int)head.Length),
        };
    }
}
