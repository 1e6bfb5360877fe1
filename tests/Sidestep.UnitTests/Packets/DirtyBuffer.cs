namespace Sidestep.UnitTests.Packets;

/// <summary>Buffers as a busy program has them: full of an earlier packet, so that a byte that nobody wrote shows.</summary>
internal static class DirtyBuffer
{
    public const byte Fill = 0xa5;

    public static byte[] Create(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, Fill);
        return bytes;
    }

    /// <summary>A dirty buffer of <paramref name="headerLength"/> bytes with a payload behind.</summary>
    public static byte[] Create(int headerLength, byte[] payload) => [.. Create(headerLength), .. payload];
}
