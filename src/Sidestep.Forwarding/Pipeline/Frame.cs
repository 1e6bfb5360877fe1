using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A frame in a larger buffer, so that headers can be prepended without moving the rest.</summary>
/// <param name="buffer">The whole buffer.</param>
/// <param name="start">Offset of the Ethernet header in the buffer, in bytes.</param>
/// <param name="length">Length of the frame in bytes.</param>
public ref struct Frame(Span<byte> buffer, int start, int length)
{
    /// <summary>Bytes in front of a frame that are enough for every outer header and every response.</summary>
    public const int Headroom = 64;

    /// <summary>Bytes behind a frame that are enough for every response.</summary>
    public const int Tailroom = 64;

    private readonly Span<byte> _buffer = buffer;

    /// <summary>Offset of the Ethernet header in the buffer, in bytes.</summary>
    public int Start { get; private set; } = start;

    /// <summary>Length of the frame in bytes.</summary>
    public int Length { get; private set; } = length;

    /// <summary>The frame, from the Ethernet header on.</summary>
    public readonly Span<byte> Bytes => _buffer.Slice(Start, Length);

    /// <summary>Extends the frame at its front; the contents of the new bytes are undefined.</summary>
    /// <param name="bytes">Number of bytes to add.</param>
    /// <returns>False when there is too little headroom; then nothing was changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPrepend(int bytes) => TryPrepend(bytes, out _);

    /// <summary>Extends the frame at its front; the contents of the new bytes are undefined.</summary>
    /// <param name="bytes">Number of bytes to add.</param>
    /// <param name="frame">The extended frame; empty when the result is false.</param>
    /// <returns>False when there is too little headroom; then nothing was changed.</returns>
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

    /// <summary>Truncates or extends the frame at its end; the contents of new bytes are undefined.</summary>
    /// <param name="length">The new length in bytes.</param>
    /// <returns>False when there is too little tailroom; then nothing was changed.</returns>
    public bool TryResize(int length)
    {
        if (length > _buffer.Length - Start)
            return false;
        Length = length;
        return true;
    }
}
