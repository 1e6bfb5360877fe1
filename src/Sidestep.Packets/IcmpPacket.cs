using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>What an ICMP message is (RFC 792). Others exist and may occur in a view.</summary>
public enum IcmpType : byte
{
    /// <summary>Echo reply.</summary>
    EchoReply = 0,

    /// <summary>Echo request ("Echo" in RFC 792).</summary>
    EchoRequest = 8,
}

/// <summary>A view of an ICMP message (RFC 792).</summary>
public readonly ref struct IcmpPacket
{
    /// <summary>Bytes of the header, of which the last four mean something different for each type.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _bytes;

    private IcmpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What it is; any value may occur.</summary>
    public IcmpType Type => (IcmpType)_bytes[Offset.Type];

    /// <summary>The variety of the type; 0 for echo.</summary>
    public byte Code => _bytes[Offset.Code];

    /// <summary>As it stands in the header.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>The message is what its checksum says.</summary>
    public bool HasValidChecksum => InternetChecksum.Compute(_bytes) == 0;

    /// <summary>Of an echo: who asks.</summary>
    public ushort Identifier => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Identifier..]);

    /// <summary>Of an echo: which of the questions.</summary>
    public ushort Sequence => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Sequence..]);

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>The only door: after true no accessor throws. The checksum is not judged.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; without meaning when false.</param>
    /// <returns>False when it is shorter than the header.</returns>
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
