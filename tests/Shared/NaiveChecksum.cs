using System.Numerics;

namespace Sidestep.Testing;

/// <summary>The Internet checksum, simple enough to verify by reading, and independent of the product's.</summary>
/// <remarks>
/// RFC 1071 adds 16-bit words in one's complement arithmetic, which is arithmetic modulo 65535. Because 65536 leaves 1
/// modulo 65535, that sum is the remainder of the whole byte string read as one big number.
/// </remarks>
internal static class NaiveChecksum
{
    public static ushort Of(params IEnumerable<byte[]> parts)
    {
        var bytes = parts.SelectMany(static p => p).ToList();
        if (bytes.Count % 2 != 0)
            bytes.Add(0);
        var number = new BigInteger([.. bytes], isUnsigned: true, isBigEndian: true);
        var sum = (int)(number % 65535);
        if (sum == 0 && !number.IsZero)
            sum = 65535; // one's complement has two zeros; a sum of non-zero words never gives the positive one
        return (ushort)(65535 - sum);
    }
}
