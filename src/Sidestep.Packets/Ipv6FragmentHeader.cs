using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The fragment header of IPv6, an extension header (RFC 8200 section 4.5).</summary>
/// <param name="NextHeader">Type of the next extension header, or protocol of the payload.</param>
/// <param name="OffsetBytes">Position of the fragment within the fragmentable part of the original packet, in bytes: a
/// multiple of 8, at most 65,528.</param>
/// <param name="MoreFragments">The M flag: this is not the last fragment.</param>
/// <param name="Identification">Identifies the fragments of one packet.</param>
public readonly record struct Ipv6FragmentHeader(
    IpProtocol NextHeader, int OffsetBytes, bool MoreFragments, uint Identification)
{
    /// <summary>Length of the header in bytes.</summary>
    public const int Length = 8;

    private const int MaxOffsetBytes = 0xfff8, Reserved = 1, Offset = 2, IdentificationAt = 4;

    /// <summary>Reads the header; the reserved bits are ignored, as RFC 8200 demands.</summary>
    /// <param name="bytes">At least 8 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 8 bytes.</exception>
    public static Ipv6FragmentHeader Read(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, Length, nameof(bytes));
        int word = BinaryPrimitives.ReadUInt16BigEndian(bytes[Offset..]);
        return new Ipv6FragmentHeader((IpProtocol)bytes[0], word & MaxOffsetBytes, (word & 1) != 0,
            BinaryPrimitives.ReadUInt32BigEndian(bytes[IdentificationAt..]));
    }

    /// <summary>Writes the header in network byte order.</summary>
    /// <param name="bytes">At least <see cref="Length"/> bytes; the first 8 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    /// <exception cref="InvalidOperationException"><see cref="OffsetBytes"/> is no multiple of 8 from 0 to 65,528;
    /// nothing was written.</exception>
    public void Write(Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, Length, nameof(bytes));
        if ((OffsetBytes & ~MaxOffsetBytes) != 0)
            throw new InvalidOperationException($"a fragment cannot be at {OffsetBytes} bytes");
        bytes[0] = (byte)NextHeader;
        bytes[Reserved] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[Offset..], (ushort)(OffsetBytes | (MoreFragments ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[IdentificationAt..], Identification);
    }
}
