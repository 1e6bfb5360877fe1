using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Sidestep.Model.Schema;

/// <summary>The written form of addresses, more strictly than <see cref="IPAddress"/> parses them.</summary>
internal static class AddressText
{
    /// <summary>Parses four decimal numbers, or an IPv6 address without zone and brackets (RFC 4291 section
    /// 2.2).</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            Span<byte> octets = stackalloc byte[4];
            if (!TryParseOctets(text, octets))
                return false;
            address = new IPAddress(octets);
            return true;
        }
        // The library also accepts [::1], ::1%3 and [::1]:80.
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigit(c) && c is not (':' or '.'))
                return false;
        }
        return IPAddress.TryParse(text, out address) && address.AddressFamily == AddressFamily.InterNetworkV6;
    }

    /// <summary>Why a text is no address.</summary>
    public static Problem Explain(string text) => !text.Contains(':', StringComparison.Ordinal)
        ? new Problem("not an IPv4 address of four decimal numbers from 0 to 255")
        : text.Contains('%', StringComparison.Ordinal)
            ? new Problem("an address with a zone")
            : text.Contains('.', StringComparison.Ordinal)
                ? new Problem("not an address; ports belong to the service, and servers listen on the same ones")
                : new Problem("not an IPv6 address");

    public static JsonObject JsonSchema() => new()
    {
        ["type"] = "string",
        ["anyOf"] = new JsonArray(new JsonObject { ["format"] = "ipv4" }, new JsonObject { ["format"] = "ipv6" }),
    };

    // IPAddress.TryParse reads 10.1 as 10.0.0.1, and 010 as eight, which is rarely intended.
    private static bool TryParseOctets(string text, Span<byte> octets)
    {
        int octet = 0, number = 0, digits = 0;
        foreach (char c in text)
        {
            if (c == '.')
            {
                if (digits == 0 || octet == 3)
                    return false;
                octets[octet++] = (byte)number;
                (number, digits) = (0, 0);
                continue;
            }
            if (!char.IsAsciiDigit(c) || (digits > 0 && number == 0))
                return false;
            number = (number * 10) + (c - '0');
            digits++;
            if (number > 255)
                return false;
        }
        if (octet != 3 || digits == 0)
            return false;
        octets[3] = (byte)number;
        return true;
    }
}
