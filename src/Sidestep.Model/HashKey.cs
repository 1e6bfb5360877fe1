using System.Globalization;

namespace Sidestep.Model;

/// <summary>The 128-bit key of the flow hash (docs/flow-hash.md). A client that does not know it cannot choose its
/// server.</summary>
/// <param name="High">The first 16 hexadecimal digits of the written form.</param>
/// <param name="Low">The last 16 hexadecimal digits.</param>
public readonly record struct HashKey(ulong High, ulong Low)
{
    /// <summary>Hexadecimal digits of the written form.</summary>
    public const int Digits = 32;

    /// <summary>Parses exactly 32 hexadecimal digits, in upper or lower case.</summary>
    /// <returns>False if <paramref name="text"/> is null or anything else.</returns>
    public static bool TryParse(string? text, out HashKey key)
    {
        key = default;
        if (text is not { Length: Digits })
            return false;
        if (!ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
            out var high)
            || !ulong.TryParse(text.AsSpan(16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out var low))
            return false;
        key = new HashKey(high, low);
        return true;
    }

    /// <summary>The 32 hexadecimal digits in lower case.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");
}
