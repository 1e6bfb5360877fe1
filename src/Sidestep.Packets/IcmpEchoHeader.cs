using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The header of an ICMP echo request or reply, ready to be written (RFC 792, "Echo or Echo Reply
/// Message").</summary>
/// <param name="IsReply">True for a reply, false for a request.</param>
/// <param name="Identifier">Identifies the sender's session; a reply repeats the request's.</param>
/// <param name="Sequence">Number of the request within the session; a reply repeats the request's.</param>
public readonly record struct IcmpEchoHeader(bool IsReply, ushort Identifier, ushort Sequence)
{
    /// <summary>Writes the header in front of a payload that is already in the buffer, with the checksum over
    /// both.</summary>
    /// <param name="message">8 to 65,515 bytes: the first 8 are written, the rest is the payload.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short or too long; nothing was
    /// written.</exception>
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
