using System.Buffers.Binary;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Fragments an encapsulated packet that is too big by its outer header: the inner packet stays whole, and the
/// real server reassembles the outer one before it decapsulates (RFC 2003 section 5.1, RFC 2473 section 7).</summary>
public static class OuterFragments
{
    // Every fragment except the last carries a multiple of this many bytes.
    private const int Unit = 8;

    /// <summary>Smallest MTU of an IPv4 link, in bytes (RFC 791 section 3.2).</summary>
    public const int SmallestMtu4 = 68;

    /// <summary>Smallest MTU of an IPv6 link, in bytes (RFC 8200 section 5).</summary>
    public const int SmallestMtu6 = 1280;

    /// <summary>Cuts a packet with an outer header into IP fragments.</summary>
    /// <param name="frame">The frame from the Ethernet header on; may be longer than the packet. DF and checksum of an
    /// outer IPv4 header are ignored: the director wrote this header, and fragments must not have DF.</param>
    /// <param name="outerOffset">Offset of the outer IP header in the frame, in bytes.</param>
    /// <param name="mtuBytes">The longest packet in bytes, outer header included.</param>
    /// <param name="identification">Identifies the fragments of the packet: must differ from that of every packet with
    /// the same addresses and protocol whose fragments may still be in transit (RFC 6864 section 4.2, RFC 8200 section
    /// 4.5). IPv4 uses the lower 16 bits.</param>
    /// <returns>Whole frames with the link-layer header of <paramref name="frame"/>, in the order of their offsets; a
    /// single frame that is no fragment when the packet fits.</returns>
    /// <exception cref="ArgumentException">The director never writes such an outer header: it has options or extension
    /// headers, is a fragment, or contradicts the frame. Or the MTU is smaller than that of any link.</exception>
    public static IReadOnlyList<byte[]> Of(ReadOnlySpan<byte> frame, int outerOffset, int mtuBytes, uint identification)
    {
        if (outerOffset < EthernetPacket.HeaderLength || outerOffset >= frame.Length)
        {
            throw new ArgumentException(
                $"no outer header at {outerOffset} of {frame.Length} bytes", nameof(outerOffset));
        }
        return (frame[outerOffset] >> 4) switch
        {
            4 => Of4(frame, outerOffset, mtuBytes, (ushort)identification),
            6 => Of6(frame, outerOffset, mtuBytes, identification),
            var version => throw new ArgumentException(
                $"the outer header's version is {version}, neither 4 nor 6", nameof(frame)),
        };
    }

    /// <summary>RFC 791 section 3.2, "An Example Fragmentation Procedure".</summary>
    private static List<byte[]> Of4(ReadOnlySpan<byte> frame, int outerOffset, int mtuBytes, ushort identification)
    {
        if (!Ipv4Packet.TryParse(frame[outerOffset..], out var packet))
        {
            throw new ArgumentException(
                $"the outer IPv4 header contradicts the frame of {frame.Length} bytes", nameof(frame));
        }
        if (packet.HeaderLength != Ipv4Header.Length)
            throw new ArgumentException("the outer IPv4 header has options", nameof(frame));
        if (packet.IsFragment)
            throw new ArgumentException("the outer IPv4 packet is a fragment", nameof(frame));
        ArgumentOutOfRangeException.ThrowIfLessThan(mtuBytes, SmallestMtu4);
        var fragments = new List<byte[]>();
        foreach (var part in Parts(packet.Payload.Length, mtuBytes - Ipv4Header.Length))
        {
            var payload = packet.Payload.Slice(part.Offset, part.Length);
            var fragment = Copy(frame, outerOffset + Ipv4Header.Length, 0, payload);
            var header = fragment.AsSpan(outerOffset, Ipv4Header.Length);
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(Ipv4Header.Length + part.Length));
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], identification);
            BinaryPrimitives.WriteUInt16BigEndian(
                header[6..], (ushort)((part.IsLast ? 0 : 0x2000) | part.Offset / Unit));
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], 0);
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Compute(header));
            fragments.Add(fragment);
        }
        return fragments;
    }

    /// <summary>RFC 8200 section 4.5. The per-fragment part is the header alone: the director writes no extension
    /// header that routers along the path process.</summary>
    private static List<byte[]> Of6(ReadOnlySpan<byte> frame, int outerOffset, int mtuBytes, uint identification)
    {
        if (!Ipv6Packet.TryParse(frame[outerOffset..], out var packet))
        {
            throw new ArgumentException(
                $"the outer IPv6 header contradicts the frame of {frame.Length} bytes", nameof(frame));
        }
        if (packet.NextHeader is IpProtocol.HopOpt or IpProtocol.Ipv6Route or IpProtocol.Ipv6Frag
            or IpProtocol.Ipv6Opts)
            throw new ArgumentException("the outer IPv6 header has extension headers", nameof(frame));
        ArgumentOutOfRangeException.ThrowIfLessThan(mtuBytes, SmallestMtu6);
        var payload = packet.Payload;
        if (Ipv6Header.Length + payload.Length <= mtuBytes)
            return [frame[..(outerOffset + Ipv6Header.Length + payload.Length)].ToArray()];

        var header = new Ipv6Header
        {
            TrafficClass = packet.TrafficClass,
            FlowLabel = packet.FlowLabel,
            PayloadLength = 0,
            NextHeader = IpProtocol.Ipv6Frag,
            HopLimit = packet.HopLimit,
            Source = packet.Source,
            Destination = packet.Destination,
        };
        var fragments = new List<byte[]>();
        foreach (var part in Parts(payload.Length, mtuBytes - Ipv6Header.Length - Ipv6FragmentHeader.Length))
        {
            var fragment = Copy(frame, outerOffset + Ipv6Header.Length, Ipv6FragmentHeader.Length,
                payload.Slice(part.Offset, part.Length));
            var outer = fragment.AsSpan(outerOffset);
            (header with { PayloadLength = Ipv6FragmentHeader.Length + part.Length }).Write(outer);
            new Ipv6FragmentHeader(packet.NextHeader, part.Offset, !part.IsLast, identification)
                .Write(outer[Ipv6Header.Length..]);
            fragments.Add(fragment);
        }
        return fragments;
    }

    /// <summary>The first <paramref name="headers"/> bytes of a frame, a gap, and a part of its payload.</summary>
    private static byte[] Copy(ReadOnlySpan<byte> frame, int headers, int gap, ReadOnlySpan<byte> part)
    {
        var fragment = new byte[headers + gap + part.Length];
        frame[..headers].CopyTo(fragment);
        part.CopyTo(fragment.AsSpan(headers + gap));
        return fragment;
    }

    private static IEnumerable<(int Offset, int Length, bool IsLast)> Parts(int length, int maxBytes)
    {
        var fullBytes = maxBytes / Unit * Unit;
        for (var offset = 0; offset < length; offset += fullBytes)
        {
            // The last fragment need not be a multiple: it may use all bytes that fit.
            if (length - offset <= maxBytes)
            {
                yield return (offset, length - offset, true);
                yield break;
            }
            yield return (offset, fullBytes, false);
        }
    }
}
