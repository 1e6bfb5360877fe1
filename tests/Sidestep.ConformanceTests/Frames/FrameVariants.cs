using System.Buffers.Binary;
using System.Net;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Variants of a frame, because building each of ten thousand frames from layers would take too
/// long.</summary>
internal static class FrameVariants
{
    private const int Id = 18, HeaderSum = 24, Destination = 30, DestinationPort = 36, TcpSum = 50;

    /// <summary>An IPv4 datagram with another identification.</summary>
    public static byte[] WithId(byte[] frame, int id)
    {
        var other = frame.ToArray();
        Replace(other, Id, (ushort)id, HeaderSum);
        return other;
    }

    /// <summary>Redirects an ICMP message in IPv4 without options to another address; the ICMP checksum does not depend
    /// on it.</summary>
    public static byte[] IcmpTo(byte[] frame, IPAddress address)
    {
        var other = frame.ToArray();
        Redirect(other, address, HeaderSum);
        return other;
    }

    /// <summary>Redirects a TCP segment in IPv4 without options to another address and port.</summary>
    public static byte[] TcpTo(byte[] frame, IPAddress address, int port)
    {
        var other = frame.ToArray();
        Redirect(other, address, HeaderSum, TcpSum);
        Replace(other, DestinationPort, (ushort)port, TcpSum);
        return other;
    }

    private static void Redirect(byte[] frame, IPAddress address, params int[] sums)
    {
        var bytes = address.GetAddressBytes();
        Replace(frame, Destination, BinaryPrimitives.ReadUInt16BigEndian(bytes), sums);
        Replace(frame, Destination + 2, BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2)), sums);
    }

    /// <summary>Replaces a word and updates the checksums over it (RFC 1624, equation 3).</summary>
    private static void Replace(byte[] frame, int place, ushort word, params int[] sums)
    {
        var old = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(place));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(place), word);
        foreach (var sum in sums)
        {
            var added = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(sum)) + (ushort)~old + word;
            added = (added & 0xffff) + (added >> 16);
            added = (added & 0xffff) + (added >> 16);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(sum), (ushort)~added);
        }
    }
}
