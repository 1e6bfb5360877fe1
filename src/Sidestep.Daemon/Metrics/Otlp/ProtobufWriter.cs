using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>Writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding).</summary>
internal sealed class ProtobufWriter
{
    // The length of a nested message is known at its end. It takes this many bytes, for up to 2^28 - 1: a reader
    // accepts leading zeros of a varint.
    private const int LengthBytes = 4;
    private const int Varint = 0, Fixed64 = 1, LengthDelimited = 2;
    private byte[] _buffer = new byte[4096];

    /// <summary>Bytes that are written.</summary>
    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Starts a nested message, which ends with <see cref="End"/>.</summary>
    /// <returns>Its place, for <see cref="End"/>.</returns>
    internal int Begin(int field)
    {
        WriteTag(field, LengthDelimited);
        Reserve(LengthBytes);
        Length += LengthBytes;
        return Length;
    }

    /// <summary>Ends a nested message.</summary>
    /// <exception cref="InvalidOperationException">It has 256 MiB or more.</exception>
    internal void End(int begin)
    {
        int length = Length - begin;
        if (length >= 1 << (7 * LengthBytes))
            throw new InvalidOperationException("A message has more than 256 MiB.");
        for (int i = 0; i < LengthBytes; i++)
            _buffer[begin - LengthBytes + i] = (byte)((length >> (7 * i) & 0x7f) | (i < LengthBytes - 1 ? 0x80 : 0));
    }

    internal void WriteText(int field, string text)
    {
        WriteTag(field, LengthDelimited);
        int bytes = Encoding.UTF8.GetByteCount(text);
        WriteVarint((ulong)bytes);
        Reserve(bytes);
        Length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(Length));
    }

    /// <summary>Writes a number of the types <c>enum</c>, <c>bool</c>, <c>uint64</c> or <c>int64</c>.</summary>
    internal void WriteNumber(int field, ulong value)
    {
        WriteTag(field, Varint);
        WriteVarint(value);
    }

    /// <summary>Writes a number of the type <c>fixed64</c>.</summary>
    internal void WriteFixed(int field, ulong value)
    {
        WriteTag(field, Fixed64);
        Reserve(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(Length), value);
        Length += sizeof(ulong);
    }

    internal void WriteDouble(int field, double value) => WriteFixed(field, BitConverter.DoubleToUInt64Bits(value));

    private void WriteTag(int field, int type) => WriteVarint((ulong)(field << 3 | type));

    private void WriteVarint(ulong value)
    {
        Reserve(10);
        for (; value >= 0x80; value >>= 7)
            _buffer[Length++] = (byte)(value | 0x80);
        _buffer[Length++] = (byte)value;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - Length < bytes)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + bytes));
    }
}
