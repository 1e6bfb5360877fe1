using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>An Ethernet II header, ready to be written (RFC 894).</summary>
/// <param name="Destination">Address of the receiver.</param>
/// <param name="Source">Address of the sender.</param>
/// <param name="Type">Protocol of the payload.</param>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, EtherType Type)
{
    /// <summary>Writes the header in network byte order.</summary>
    /// <param name="frame">At least <see cref="EthernetPacket.HeaderLength"/> bytes; the first 14 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, EthernetPacket.HeaderLength, nameof(frame));
        Destination.Write(frame[EthernetPacket.Offset.Destination..]);
        Source.Write(frame[EthernetPacket.Offset.Source..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[EthernetPacket.Offset.Type..], (ushort)Type);
    }
}
