namespace Sidestep.ConformanceTests.Frames;

/// <summary>Integers in network byte order.</summary>
internal static class Bytes
{
    public static byte[] U16(long value) => [(byte)(value >> 8), (byte)value];

    public static byte[] U32(long value) => [.. U16(value >> 16), .. U16(value)];

    /// <summary>The bytes with two of them replaced by a 16-bit value.</summary>
    public static byte[] Put(byte[] bytes, int offset, long value)
    {
        U16(value).CopyTo(bytes, offset);
        return bytes;
    }
}
