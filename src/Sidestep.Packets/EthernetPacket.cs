using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A view of an Ethernet II frame without its check sequence (RFC 894; IEEE 802.3 clause 3).</summary>
public readonly ref struct EthernetPacket
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 14;

    private readonly ReadOnlySpan<byte> _bytes;

    private EthernetPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Receiver.</summary>
    public MacAddress Destination => MacAddress.Read(_bytes[Offset.Destination..]);

    /// <summary>Sender.</summary>
    public MacAddress Source => MacAddress.Read(_bytes[Offset.Source..]);

    /// <summary>What the payload is; any value may occur.</summary>
    public EtherType Type => (EtherType)BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Type..]);

    /// <summary>Everything after the header. Short payloads are followed by padding, which only the protocol inside can
    /// tell from data.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>The only door: after true no accessor throws.</summary>
    /// <param name="frame">From the destination address on.</param>
    /// <param name="packet">The view; without meaning when false.</param>
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
