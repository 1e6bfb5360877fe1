using System.Globalization;
using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Frames;

/// <summary>Position of a layer: its offset in the frame, and the IP addresses around it.</summary>
/// <param name="Offset">Bytes before the layer.</param>
/// <param name="Source">Source address of the enclosing IP header, for the pseudo header.</param>
/// <param name="Destination">Destination address of that header.</param>
/// <param name="Actual">The frame that provides fields that may have any value; empty when there is none.</param>
internal sealed record LayerContext(int Offset, byte[]? Source, byte[]? Destination, byte[] Actual)
{
    /// <summary>The context of the next layer.</summary>
    public LayerContext Advance(int bytes) => this with { Offset = Offset + bytes };

    /// <summary>A number; <c>any</c> or <c>LOW-HIGH</c> stand for the value in the actual frame.</summary>
    /// <param name="node">The field of the row.</param>
    /// <param name="at">Bytes from the layer's beginning.</param>
    /// <param name="bits">Size of the field, which ends at a byte boundary.</param>
    /// <param name="fallback">Value when the row omits the field.</param>
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

    /// <summary>An address; a prefix stands for the address in the actual frame.</summary>
    /// <param name="node">The field of the row, or a default.</param>
    /// <param name="names">Names of hosts and addresses.</param>
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
