using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The header of an echo request or reply to be sent (RFC 792, "Echo or Echo Reply Message").</summary>
/// <param name="IsReply">Reply or request.</param>
/// <param name="Identifier">Who asks; the reply repeats it.</param>
/// <param name="Sequence">Which of the questions; the reply repeats it.</param>
public readonly record struct IcmpEchoHeader(bool IsReply, ushort Identifier, ushort Sequence)
{
    /// <summary>Writes the header in front of a payload that is already there, with the checksum.</summary>
    /// <param name="message">8 bytes of header, which are written, then the payload: 8 to 65,515 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short or too long; nothing was written.</exception>
    public void Write(Span<byte> message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(message.Length, IcmpPacket.HeaderLength, nameof(message));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, Ipv4Header.MaxPayloadLength, nameof(message));
        message[IcmpPacket.Offset.Type] = (byte)(IsReply ? IcmpType.EchoReply : IcmpType.EchoRequest);
        message[IcmpPacket.Offset.Code] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[IcmpPacket.Offset.Identifier..], Identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[IcmpPacket.Offset.Sequence..], Sequence);
        BinaryPrimitives.WriteUInt16BigEndian(message[IcmpPacket.Offset.Checksum..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(message[IcmpPacket.Offset.Checksum..], InternetChecksum.Compute(message));
    }
}
