using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A read-only view of an Ethernet II frame without its check sequence (RFC 894; IEEE 802.3 clause
/// 3).</summary>
public readonly ref struct EthernetPacket
{
    /// <summary>Length of the header in bytes, without VLAN tags.</summary>
    public const int HeaderLength = 14;

    private readonly ReadOnlySpan<byte> _bytes;

    private EthernetPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Destination MAC address: of one interface, or a group address for multicast and broadcast.</summary>
    public MacAddress Destination => MacAddress.Read(_bytes[Offset.Destination..]);

    /// <summary>MAC address of the interface that sent the frame on this link.</summary>
    public MacAddress Source => MacAddress.Read(_bytes[Offset.Source..]);

    /// <summary>Protocol of the payload; any value may occur.</summary>
    public EtherType Type => (EtherType)BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Type..]);

    /// <summary>The bytes after the header, including padding. Only the inner protocol shows where its data
    /// end.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws.</summary>
    /// <param name="frame">The frame from the destination address on.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the frame is shorter than the header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> frame, out EthernetPacket packet)
    {
        packet = new EthernetPacket(frame);
        return frame.Length >= HeaderLength;
    }

    internal static class Offset
    {
        internal const int Destination = 0;
        internal const int Source = 6;
        internal const int Type = 12;
    }
}
