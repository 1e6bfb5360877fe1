using System.Buffers.Binary;

namespace Sidestep.Lab.Captures;

/// <summary>The addresses of a captured frame, and its packet, behind any number of VLAN tags.</summary>
internal readonly ref struct EthernetView
{
    private const int MacLength = 6;
    private const int TypeAt = 2 * MacLength;
    private const int TypeLength = 2;
    private const int TagLength = 4;
    private const int Vlan = 0x8100, ServiceVlan = 0x88a8;

    public ReadOnlySpan<byte> Destination { get; private init; }

    public ReadOnlySpan<byte> Source { get; private init; }

    /// <summary>The IP packet; <see cref="PacketView.IsWhole"/> is false if the frame has none.</summary>
    public PacketView Packet { get; private init; }

    public static EthernetView Read(ReadOnlySpan<byte> frame)
    {
        var at = TypeAt;
        while (frame.Length >= at + TypeLength && BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is Vlan
            or ServiceVlan)
            at += TagLength;
        return frame.Length < at + TypeLength
            ? default
            : new EthernetView
            {
                Destination = frame[..MacLength],
                Source = frame.Slice(MacLength, MacLength),
                Packet = PacketView.OfEtherType(BinaryPrimitives.ReadUInt16BigEndian(frame[at..]),
                    frame[(at + TypeLength)..]),
            };
    }
}
