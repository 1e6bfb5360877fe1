using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>An IPv4 address that a host can have, in four decimal numbers.</summary>
/// <param name="role">Whose address, such as "a VIP".</param>
internal sealed class AddressKind(string role) : ScalarKind<IPAddress>
{
    protected override string Wanted => "an IPv4 address such as 192.0.2.10";

    public override JsonObject ToJsonSchema() => new() { ["type"] = "string", ["format"] = "ipv4" };

    public override JsonNode? ToJson(IPAddress value) => JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out IPAddress? value)
    {
        value = null;
        if (TryParseOctets(scalar.Text, out var octets))
        {
            value = new IPAddress(octets);
            return Misuse(octets) is { } use ? new Problem($"{use}, which cannot be {role}") : null;
        }
        int slash = scalar.Text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && TryParseOctets(scalar.Text[..slash], out _))
            return new Problem("an address with a prefix length", $"Write the address alone: {scalar.Text[..slash]}");
        if (scalar.Text.Contains(':', StringComparison.Ordinal)
            && IPAddress.TryParse(scalar.Text, out var other) && other.AddressFamily == AddressFamily.InterNetworkV6)
            return new Problem("an IPv6 address; this version forwards IPv4 only");
        return new Problem("not an IPv4 address of four decimal numbers from 0 to 255");
    }

    // IPAddress.TryParse takes 10.1 for 10.0.0.1, and 010 for eight: nobody who writes that means it.
    private static bool TryParseOctets(string text, out byte[] octets)
    {
        octets = new byte[4];
        var parts = text.Split('.', 5);
        if (parts.Length != 4)
            return false;
        for (int i = 0; i < 4; i++)
        {
            string part = parts[i];
            if (part.Length is 0 or > 3 || !part.All(char.IsAsciiDigit) || (part.Length > 1 && part[0] == '0'))
                return false;
            int number = int.Parse(part, System.Globalization.CultureInfo.InvariantCulture);
            if (number > 255)
                return false;
            octets[i] = (byte)number;
        }
        return true;
    }

    private static string? Misuse(byte[] octets) => octets switch
    {
        [0, 0, 0, 0] => "the unspecified address",
        [0, ..] => "an address of 0.0.0.0/8",
        [127, ..] => "a loopback address",
        [255, 255, 255, 255] => "the broadcast address",
        [>= 224 and < 240, ..] => "a multicast address",
        _ => null,
    };
}
