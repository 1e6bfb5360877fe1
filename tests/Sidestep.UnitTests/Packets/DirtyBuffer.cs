namespace Sidestep.UnitTests.Packets;

/// <summary>Buffers that still hold an earlier packet, so that a test sees bytes that were not written.</summary>
internal static class DirtyBuffer
{
    public const byte Fill = 0xa5;

    public static byte[] Create(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, Fill);
        return bytes;
    }

    /// <summary>A dirty buffer of <paramref name="headerLength"/> bytes, followed by a payload.</summary>
    public static byte[] Create(int headerLength, byte[] payload) => [.. Create(headerLength), .. payload];
}
