using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP: RFC 1071, its incremental update: RFC 1624.</summary>
/// <remarks>Sums are kept unfolded in 64 bits: a carry would need more than 2^48 words.</remarks>
public static class InternetChecksum
{
    /// <summary>The checksum of <paramref name="bytes"/>, in host order. Over data that contains its own correct checksum
    /// the result is 0 (RFC 1071 section 1).</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => Finish(Sum(bytes));

    /// <summary>Adds 16-bit big-endian words to a sum; an odd last byte counts as if a zero byte followed.</summary>
    /// <param name="bytes">What to add; only the last of several parts may have an odd length.</param>
    /// <param name="sum">The sum so far.</param>
    public static ulong Sum(ReadOnlySpan<byte> bytes, ulong sum = 0)
    {
        for (; bytes.Length >= 2; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.IsEmpty ? sum : sum + ((ulong)bytes[0] << 8);
    }

    /// <summary>The sum over the pseudo-header of TCP (RFC 9293 section 3.1) and UDP (RFC 768) over IPv4.</summary>
    /// <param name="source">Of the IPv4 header.</param>
    /// <param name="destination">Of the IPv4 header.</param>
    /// <param name="protocol">Of the IPv4 header.</param>
    /// <param name="length">Of the transport header and its payload, in bytes.</param>
    public static ulong SumPseudoHeader(Ipv4Address source, Ipv4Address destination, IpProtocol protocol, int length) =>
        (source.Value >> 16) + (ulong)(source.Value & 0xffff)
        + (destination.Value >> 16) + (destination.Value & 0xffff)
        + (byte)protocol + (uint)length;

    /// <summary>Folds a sum to 16 bits, end-around carry included, and complements it.</summary>
    public static ushort Finish(ulong sum)
    {
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The checksum after one 16-bit word of the data changed: HC' = ~(~HC + ~m + m'), RFC 1624 section 3,
    /// equation 3. (Equation 2 of the same section, from RFC 1141, goes wrong when the sum becomes zero.)</summary>
    /// <param name="checksum">HC, before the change.</param>
    /// <param name="before">m, the word as it was.</param>
    /// <param name="after">m', the word as it is.</param>
    public static ushort Update(ushort checksum, ushort before, ushort after) =>
        Finish((ulong)(ushort)~checksum + (ushort)~before + after);
}
