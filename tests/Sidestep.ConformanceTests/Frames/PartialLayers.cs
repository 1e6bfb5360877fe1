using System.Globalization;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Layers that are part of another frame.</summary>
internal static class PartialLayers
{
    /// <summary>The first N bytes of the following layers.</summary>
    public static byte[] First(CaseNode node, byte[] inside)
    {
        if (!int.TryParse(node.Text, CultureInfo.InvariantCulture, out var length))
            throw node.Wrong("a number of bytes is expected here");
        return length <= inside.Length ? inside[..length] : throw node.Wrong($"there are only {inside.Length} bytes");
    }

    public static byte[] Hex(CaseNode node) =>
        Convert.FromHexString(node.Text.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>The datagram of a frame after the Ethernet header and VLAN tags, without padding.</summary>
    public static byte[] Datagram(CaseNode node, byte[] frame)
    {
        var datagram = frame[Start(frame)..];
        var length = IsIpv6(frame) ? 40 + (datagram[4] << 8 | datagram[5]) : datagram[2] << 8 | datagram[3];
        return length <= datagram.Length
            ? datagram[..length]
            : throw node.Wrong("the datagram is longer than its frame");
    }

    public static bool IsIpv6(byte[] frame) => frame[Start(frame)] >> 4 == 6;

    private static int Start(byte[] frame)
    {
        var type = 12;
        while ((frame[type] << 8 | frame[type + 1]) is 0x8100 or 0x88a8)
            type += 4;
        return type + 2;
    }
}
