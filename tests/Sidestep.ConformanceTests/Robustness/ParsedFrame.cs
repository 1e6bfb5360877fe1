using System.Net;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Robustness;

/// <summary>A frame, parsed without the code of the product: the link header, and the datagram by its own
/// lengths.</summary>
internal sealed class ParsedFrame
{
    private ParsedFrame(byte[] frame, int start, int type) => (Frame, Start, Type) = (frame, start, type);

    public byte[] Frame { get; }

    /// <summary>Offset of the datagram.</summary>
    public int Start { get; }

    /// <summary>EtherType after the tags.</summary>
    public int Type { get; }

    public byte[] To => Frame[..6];

    public byte[] From => Frame[6..12];

    /// <summary>The tags, each preceded by its type.</summary>
    public byte[] Tags => Frame[12..(Start - 2)];

    /// <summary>Everything after the EtherType.</summary>
    public byte[] Rest => Frame[Start..];

    public bool IsIpv4 => Type == 0x0800;

    public bool IsIpv6 => Type == 0x86dd;

    public static ParsedFrame Parse(byte[] frame)
    {
        var type = 12;
        while (U16(frame, type) is 0x8100 or 0x88a8 && type + 6 <= frame.Length)
            type += 4;
        return new ParsedFrame(frame, type + 2, U16(frame, type));
    }

    public static int U16(byte[] bytes, int at) => at + 2 <= bytes.Length ? bytes[at] << 8 | bytes[at + 1] : -1;

    /// <summary>The datagram without padding; null when its header is truncated or contradicts the frame.</summary>
    public byte[]? Datagram()
    {
        var rest = Rest;
        if (IsIpv4)
        {
            if (rest.Length < 20 || rest[0] >> 4 != 4)
                return null;
            var (header, total) = ((rest[0] & 15) * 4, U16(rest, 2));
            return header >= 20 && total >= header && total <= rest.Length ? rest[..total] : null;
        }
        if (!IsIpv6 || rest.Length < 40 || rest[0] >> 4 != 6)
            return null;
        var length = 40 + U16(rest, 4);
        return length <= rest.Length ? rest[..length] : null;
    }

    public static IPAddress Source(byte[] datagram) => new(datagram[0] >> 4 == 4 ? datagram[12..16] : datagram[8..24]);

    public static IPAddress Destination(byte[] datagram) =>
        new(datagram[0] >> 4 == 4 ? datagram[16..20] : datagram[24..40]);

    /// <summary>Offset and protocol of the transport header; IPv6 extension headers are skipped.</summary>
    public static (int Start, byte Protocol) Transport(byte[] datagram)
    {
        if (datagram[0] >> 4 == 4)
            return ((datagram[0] & 15) * 4, datagram[9]);
        var (at, protocol) = (40, datagram[6]);
        while (protocol is 0 or 43 or 44 or 51 or 60 && at + 8 < datagram.Length)
        {
            var length = protocol switch
            {
                44 => 8,
                51 => (datagram[at + 1] + 2) * 4,
                _ => (datagram[at + 1] + 1) * 8,
            };
            (at, protocol) = (at + length, datagram[at]);
        }
        return (Math.Min(at, datagram.Length - 1), protocol);
    }

    /// <summary>True when the IPv4 header checksum is correct; IPv6 has none.</summary>
    public static bool HasValidHeaderChecksum(byte[] datagram) =>
        datagram[0] >> 4 == 6 || NaiveChecksum.Of(datagram[..((datagram[0] & 15) * 4)]) == 0;

    /// <summary>True when the transport checksum is correct.</summary>
    /// <param name="datagram">The datagram; its lengths are correct.</param>
    /// <param name="protocol">Transport protocol; ICMPv4 has no pseudo header.</param>
    /// <param name="start">Offset of the transport header.</param>
    public static bool HasValidTransportChecksum(byte[] datagram, byte protocol, int start)
    {
        var part = datagram[start..];
        byte[] length =
            [(byte)(part.Length >> 24), (byte)(part.Length >> 16), (byte)(part.Length >> 8), (byte)part.Length];
        byte[] pseudo = protocol == 1 ? []
            : datagram[0] >> 4 == 4 ? [.. datagram[12..20], 0, protocol, .. length[2..]]
            : [.. datagram[8..40], .. length, 0, 0, 0, protocol];
        return NaiveChecksum.Of(pseudo, part) == 0;
    }
}
