using System.Buffers.Binary;
using System.Net;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Many frames that differ in little: building each from its layers takes too long where there are ten thousand of them.</summary>
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

    /// <summary>An IPv4 datagram, without options, to another address; ICMP, whose sum does not depend on it.</summary>
    public static byte[] IcmpTo(byte[] frame, IPAddress address)
    {
        var other = frame.ToArray();
        Redirect(other, address, HeaderSum);
        return other;
    }

    /// <summary>A TCP segment, in IPv4 without options, to another address and port.</summary>
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

    /// <summary>Another word, and the sums that it is part of (RFC 1624, equation 3).</summary>
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
