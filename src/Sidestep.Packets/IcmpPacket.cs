using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>Type of an ICMP message (RFC 792). A parsed message may hold any other value.</summary>
public enum IcmpType : byte
{
    /// <summary>Echo reply: repeats the data of an echo request.</summary>
    EchoReply = 0,

    /// <summary>Echo request ("Echo" in RFC 792).</summary>
    EchoRequest = 8,
}

/// <summary>A read-only view of an ICMP message (RFC 792).</summary>
public readonly ref struct IcmpPacket
{
    /// <summary>Length of the header in bytes; the meaning of the last four depends on the type.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _bytes;

    private IcmpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Type of the message; any value may occur.</summary>
    public IcmpType Type => (IcmpType)_bytes[Offset.Type];

    /// <summary>Subtype of the message; 0 for echo.</summary>
    public byte Code => _bytes[Offset.Code];

    /// <summary>The checksum field, in host byte order; not verified.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>True if the checksum over the whole message is correct.</summary>
    public bool HasValidChecksum => InternetChecksum.Compute(_bytes) == 0;

    /// <summary>Of an echo message: identifier of the requester's session. Meaningless for other types.</summary>
    public ushort Identifier => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Identifier..]);

    /// <summary>Of an echo message: number of the request. Meaningless for other types.</summary>
    public ushort Sequence => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Sequence..]);

    /// <summary>The rest of the message after the header.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws. The checksum is not
    /// verified.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the payload is shorter than the header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out IcmpPacket packet)
    {
        packet = new IcmpPacket(bytes);
        return bytes.Length >= HeaderLength;
    }

    internal static class Offset
    {
        internal const int Type = 0;
        internal const int Code = 1;
        internal const int Checksum = 2;
        internal const int Identifier = 4;
        internal const int Sequence = 6;
    }
}
