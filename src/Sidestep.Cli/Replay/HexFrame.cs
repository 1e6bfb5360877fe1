using System.Globalization;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Parses a frame in hexadecimal, with or without colons, hyphens and white space.</summary>
public static class HexFrame
{
    /// <summary>The bytes, from the Ethernet header on.</summary>
    /// <exception cref="FormatException">The text is invalid; the message has the position and what is
    /// expected.</exception>
    public static byte[] Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var digits = new List<char>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiHexDigit(text[i]))
                digits.Add(text[i]);
            else if (text[i] is not (':' or '-') && !char.IsWhiteSpace(text[i]))
                throw new FormatException(Describe($"'{text[i]}' at character {i + 1} is not a hexadecimal digit"));
        }
        if (digits.Count % 2 != 0)
            throw new FormatException(Describe($"{digits.Count} digits are not a whole number of bytes"));
        if (digits.Count / 2 < EthernetPacket.HeaderLength)
            throw new FormatException(Describe(
                $"{digits.Count / 2} bytes are fewer than an Ethernet header has ({EthernetPacket.HeaderLength})"));
        return Convert.FromHexString(digits.ToArray());
    }

    private static string Describe(FormattableString wrong) =>
        $"--hex: {wrong.ToString(CultureInfo.InvariantCulture)}. Write the frame from the Ethernet header on, two "
        + "digits per byte; spaces, colons and hyphens are ignored.";
}
