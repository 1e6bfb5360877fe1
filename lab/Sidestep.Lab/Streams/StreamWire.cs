using System.Buffers.Binary;

namespace Sidestep.Lab.Streams;

/// <summary>A numbered datagram: number of the sender, and number of its datagram from 0, both in network byte
/// order.</summary>
internal static class StreamWire
{
    public const int Length = 64;

    /// <summary>The sending process prints this line once it has sent its first datagram.</summary>
    public const string Begun = "begun";

    public static void Write(Span<byte> datagram, int sender, int number)
    {
        BinaryPrimitives.WriteInt32BigEndian(datagram, sender);
        BinaryPrimitives.WriteInt32BigEndian(datagram[sizeof(int)..], number);
    }

    public static (int Sender, int Number) Read(ReadOnlySpan<byte> datagram)
        => (BinaryPrimitives.ReadInt32BigEndian(datagram),
            BinaryPrimitives.ReadInt32BigEndian(datagram[sizeof(int)..]));
}
