using System.Globalization;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Layers that are part of another frame.</summary>
internal static class PartialLayers
{
    /// <summary>The first N bytes of the following layers; <c>N or more</c> takes as many as the actual frame
    /// has.</summary>
    public static byte[] First(CaseNode node, LayerContext context, byte[] inside)
    {
        var tokens = node.Text.Split(' ');
        if (!int.TryParse(tokens[0], CultureInfo.InvariantCulture, out var length)
            || tokens is not ([_] or [_, "or", "more"]))
            throw node.Wrong("a number of bytes is expected here, or 'N or more'");
        if (tokens.Length > 1)
            length = Math.Min(inside.Length, Math.Max(length, context.Actual.Length - context.Offset));
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
