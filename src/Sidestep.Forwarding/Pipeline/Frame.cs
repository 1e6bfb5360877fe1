using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A frame in a buffer with room around it, so that headers are put in front without moving the rest.</summary>
/// <param name="buffer">The whole memory.</param>
/// <param name="start">Where the Ethernet header begins.</param>
/// <param name="length">Bytes of the frame.</param>
public ref struct Frame(Span<byte> buffer, int start, int length)
{
    /// <summary>Bytes before a frame that every outer header and every answer finds enough.</summary>
    public const int Headroom = 64;

    /// <summary>Bytes behind a frame that every answer finds enough.</summary>
    public const int Tailroom = 64;

    private readonly Span<byte> _buffer = buffer;

    /// <summary>Where in the buffer the Ethernet header begins.</summary>
    public int Start { get; private set; } = start;

    /// <summary>Bytes of the frame.</summary>
    public int Length { get; private set; } = length;

    /// <summary>The frame, from the Ethernet header on.</summary>
    public readonly Span<byte> Bytes => _buffer.Slice(Start, Length);

    /// <summary>Makes the frame longer at its front; what is there then has no meaning.</summary>
    /// <returns>False, and nothing changed: there is no room.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPrepend(int bytes) => TryPrepend(bytes, out _);

    /// <summary>Makes the frame longer at its front; what is there then has no meaning.</summary>
    /// <param name="bytes">By how much.</param>
    /// <param name="frame">The longer frame.</param>
    /// <returns>False, and nothing changed: there is no room.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPrepend(int bytes, out Span<byte> frame)
    {
        int start = Start - bytes, length = Length + bytes;
        if (start < 0)
        {
            frame = default;
            return false;
        }
        (Start, Length) = (start, length);
        frame = _buffer.Slice(start, length);
        return true;
    }

    /// <summary>Cuts off or adds bytes at the end; added ones have no meaning.</summary>
    /// <returns>False, and nothing changed: there is no room.</returns>
    public bool TryResize(int length)
    {
        if (length > _buffer.Length - Start)
            return false;
        Length = length;
        return true;
    }
}
