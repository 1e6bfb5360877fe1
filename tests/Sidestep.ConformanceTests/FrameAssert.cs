using System.Globalization;

namespace Sidestep.ConformanceTests;

/// <summary>Compares frames and reports the first difference.</summary>
internal static class FrameAssert
{
    public static void Equal(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        if (expected.SequenceEqual(actual))
            return;
        var at = expected.CommonPrefixLength(actual);
        Assert.Fail(string.Create(CultureInfo.InvariantCulture,
            $"""
            frames differ from byte {at} on ({at - 14} after the Ethernet header)
            expected {expected.Length} bytes: {Hex(expected, at)}
            actual   {actual.Length} bytes: {Hex(actual, at)}
            """));
    }

    /// <summary>Hexadecimal with a bar at the first difference.</summary>
    private static string Hex(ReadOnlySpan<byte> frame, int at)
    {
        at = Math.Min(at, frame.Length);
        return $"{Convert.ToHexStringLower(frame[..at])}|{Convert.ToHexStringLower(frame[at..])}";
    }
}
