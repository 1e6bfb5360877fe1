using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP (RFC 1071), with incremental update (RFC 1624).</summary>
/// <remarks>Sums stay unfolded in 64 bits: an overflow would need more than 2^48 words.</remarks>
public static class InternetChecksum
{
    /// <summary>The checksum of <paramref name="bytes"/>, in host byte order. Over data that contain their own correct
    /// checksum, the result is 0 (RFC 1071 section 1).</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => Finish(Sum(bytes));

    /// <summary>Adds 16-bit big-endian words to a sum. An odd last byte is padded with a zero byte.</summary>
    /// <param name="bytes">Bytes to add; of several parts, only the last may have an odd length.</param>
    /// <param name="sum">The unfolded sum so far.</param>
    /// <returns>The new unfolded sum, for another call or for <see cref="Finish"/>.</returns>
    public static ulong Sum(ReadOnlySpan<byte> bytes, ulong sum = 0)
    {
        for (; bytes.Length >= 2; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.IsEmpty ? sum : sum + ((ulong)bytes[0] << 8);
    }

    /// <summary>The unfolded sum of the pseudo-header of TCP (RFC 9293 section 3.1) or UDP (RFC 768) over
    /// IPv4.</summary>
    /// <param name="source">Source address of the IPv4 header.</param>
    /// <param name="destination">Destination address of the IPv4 header.</param>
    /// <param name="protocol">Protocol of the IPv4 header.</param>
    /// <param name="length">Length of transport header and payload, in bytes.</param>
    public static ulong SumPseudoHeader(Ipv4Address source, Ipv4Address destination, IpProtocol protocol, int length) =>
        (source.Value >> 16) + (ulong)(source.Value & 0xffff)
        + (destination.Value >> 16) + (destination.Value & 0xffff)
        + (byte)protocol + (uint)length;

    /// <summary>The unfolded sum of the pseudo-header of TCP, UDP or ICMPv6 over IPv6 (RFC 8200 section 8.1).</summary>
    /// <param name="source">Source address of the IPv6 header.</param>
    /// <param name="destination">Destination address of the IPv6 header.</param>
    /// <param name="protocol">Protocol of the payload, after all extension headers.</param>
    /// <param name="length">Length of transport header and payload, in bytes.</param>
    public static ulong SumPseudoHeader(Ipv6Address source, Ipv6Address destination, IpProtocol protocol, int length)
    {
        Span<byte> addresses = stackalloc byte[2 * Ipv6Address.Length];
        source.Write(addresses);
        destination.Write(addresses[Ipv6Address.Length..]);
        return SumPseudoHeader(addresses, protocol, length);
    }

    /// <summary>The unfolded sum of a pseudo-header over either version of IP: both have the same sum.</summary>
    /// <param name="addresses">Source and destination address as they stand in the IP header: 8 or 32 bytes.</param>
    /// <param name="protocol">Protocol of the payload, after all extension headers.</param>
    /// <param name="length">Length of transport header and payload, in bytes.</param>
    public static ulong SumPseudoHeader(ReadOnlySpan<byte> addresses, IpProtocol protocol, int length) =>
        Sum(addresses, (byte)protocol + (ulong)(uint)length);

    /// <summary>Folds a sum to 16 bits with end-around carry and complements it.</summary>
    /// <returns>The checksum, in host byte order.</returns>
    public static ushort Finish(ulong sum)
    {
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The checksum after one 16-bit word of the data has changed: HC' = ~(~HC + ~m + m') (RFC 1624 section 3,
    /// equation 3). Equation 2 of that section, from RFC 1141, is wrong when the sum becomes zero.</summary>
    /// <param name="checksum">HC, the checksum before the change, in host byte order.</param>
    /// <param name="before">m, the old word, in host byte order.</param>
    /// <param name="after">m', the new word, in host byte order.</param>
    public static ushort Update(ushort checksum, ushort before, ushort after) =>
        Finish((ulong)(ushort)~checksum + (ushort)~before + after);
}
