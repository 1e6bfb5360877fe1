using System.Globalization;

namespace Sidestep.Packets;

/// <summary>A 48-bit Ethernet address (IEEE 802) as a value type.</summary>
/// <param name="Value">The address as an integer in host byte order, 0 to 2^48 - 1: the first byte on the wire is the
/// most significant of the lower six.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Length on the wire in bytes.</summary>
    public const int Length = 6;

    /// <summary>Reads the address from the first six bytes, in network byte order.</summary>
    /// <param name="bytes">At least six bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than six bytes.</exception>
    public static MacAddress Read(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        foreach (var b in bytes[..Length])
            value = value << 8 | b;
        return new MacAddress(value);
    }

    /// <summary>Writes the six bytes in network byte order.</summary>
    /// <param name="bytes">At least six bytes; the first six are written.</param>
    public void Write(Span<byte> bytes)
    {
        for (var i = 0; i < Length; i++)
            bytes[i] = (byte)(Value >> 8 * (Length - 1 - i));
    }

    /// <summary>Parses six two-digit hexadecimal groups separated by colons, e.g. <c>02:00:5e:10:00:01</c>.</summary>
    /// <returns>False when <paramref name="text"/> is anything else.</returns>
    public static bool TryParse(string? text, out MacAddress address)
    {
        address = default;
        if (text is not { Length: 17 })
            return false;
        ulong value = 0;
        for (var i = 0; i < Length; i++)
        {
            if (i > 0 && text[i * 3 - 1] != ':')
                return false;
            var octet = text.AsSpan(i * 3, 2);
            if (!byte.TryParse(octet, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
                return false;
            value = value << 8 | b;
        }
        address = new MacAddress(value);
        return true;
    }

    /// <summary>The address as six lower-case hexadecimal groups separated by colons.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return string.Create(CultureInfo.InvariantCulture,
            $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}");
    }
}
