namespace Sidestep.Packets;

/// <summary>Text form of TCP control bits: one letter each, from FIN on.</summary>
public static class TcpFlagText
{
    /// <summary>The letters of FIN, SYN, RST, PSH, ACK and URG, in the order of their bits.</summary>
    public const string Letters = "FSRPAU";

    /// <summary>The letters of the bits that are set, such as <c>SA</c>; <c>-</c> when none is.</summary>
    public static string Of(TcpControlBits bits)
    {
        var text = string.Concat(Letters.Where((_, i) => ((int)bits & 1 << i) != 0));
        return text.Length == 0 ? "-" : text;
    }

    /// <summary>Reads letters of <see cref="Letters"/>, in any order and case.</summary>
    /// <returns>False when the text has any other character.</returns>
    public static bool TryParse(string text, out TcpControlBits bits)
    {
        ArgumentNullException.ThrowIfNull(text);
        bits = TcpControlBits.None;
        foreach (var letter in text.ToUpperInvariant())
        {
            var bit = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (bit < 0)
                return false;
            bits |= (TcpControlBits)(1 << bit);
        }
        return true;
    }
}
