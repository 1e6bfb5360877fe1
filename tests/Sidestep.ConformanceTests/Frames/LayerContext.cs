using System.Globalization;
using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Where a layer stands: how far from the beginning of the frame, and between which IP addresses.</summary>
/// <param name="Offset">Bytes before the layer.</param>
/// <param name="Source">Of the IP header around it, for the pseudo header.</param>
/// <param name="Destination">The same.</param>
/// <param name="Actual">The frame that a field which may be anything is read from; empty when there is none.</param>
internal sealed record LayerContext(int Offset, byte[]? Source, byte[]? Destination, byte[] Actual)
{
    /// <summary>Further inside.</summary>
    public LayerContext Advance(int bytes) => this with { Offset = Offset + bytes };

    /// <summary>A number, or <c>any</c> or <c>LOW-HIGH</c> for whatever the actual frame has there.</summary>
    /// <param name="node">What the row says.</param>
    /// <param name="at">Bytes from the layer's beginning.</param>
    /// <param name="bits">Of the field, which ends at a byte's end.</param>
    /// <param name="fallback">When the row says nothing.</param>
    public long Number(CaseNode node, int at, int bits, long fallback)
    {
        if (!node.Exists)
            return fallback;
        if (node.Text == "any")
            return ActualNumber(at, bits);
        var ends = node.Text.Split('-');
        if (ends is not [var low, var high] || !long.TryParse(low, CultureInfo.InvariantCulture, out var first)
            || !long.TryParse(high, CultureInfo.InvariantCulture, out var last))
            return node.Number;
        var found = ActualNumber(at, bits);
        return found >= first && found <= last ? found : first;
    }

    /// <summary>An address, or a prefix for whatever address of it the actual frame has there.</summary>
    /// <param name="node">What the row says, or a default.</param>
    /// <param name="names">Who is who.</param>
    /// <param name="at">Bytes from the layer's beginning.</param>
    /// <param name="length">4 or 16.</param>
    public byte[] Address(CaseNode node, HostNames names, int at, int length)
    {
        if (!IPNetwork.TryParse(node.Text, out var prefix))
        {
            var address = names.Address(node).GetAddressBytes();
            return address.Length == length ? address : throw node.Wrong($"'{node.Text}' is of the other family");
        }
        var found = ActualBytes(at, length);
        return prefix.Contains(new IPAddress(found)) ? found : prefix.BaseAddress.GetAddressBytes();
    }

    private long ActualNumber(int at, int bits) =>
        ActualBytes(at, (bits + 7) / 8).Aggregate(0L, static (sum, b) => sum << 8 | b) & (1L << bits) - 1;

    private byte[] ActualBytes(int at, int length) =>
        Offset + at + length <= Actual.Length ? Actual[(Offset + at)..(Offset + at + length)] : new byte[length];
}
