using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;
using Sidestep.Packets;

namespace Sidestep.Model.Schema;

/// <summary>An address or a prefix: 192.0.2.10, 198.51.100.0/24, 2001:db8::/64.</summary>
/// <param name="role">What the addresses are, such as "a VIP", which excludes reserved addresses; null: none is
/// excluded.</param>
/// <param name="hostBits">Least number of bits after the prefix.</param>
internal sealed class PrefixKind(string? role, int hostBits = 0) : ScalarKind<IPNetwork>
{
    protected override string Expected => hostBits == 0
        ? "an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64"
        : "a prefix such as 198.18.0.0/15 or 2001:db8::/64";

    // A pattern for all prefixes would be less clear than the messages of the reader.
    public override JsonObject ToJsonSchema() => new() { ["type"] = "string" };

    public override JsonNode? ToJson(IPNetwork value) => JsonValue.Create(PrefixText.Of(value));

    protected override Problem? Parse(ScalarNode scalar, out IPNetwork value)
    {
        value = default;
        string text = scalar.Text;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string address = slash < 0 ? text : text[..slash];
        if (!AddressText.TryParse(address, out var parsed))
            return AddressText.Explain(address);
        int bits = PrefixText.BitsOf(parsed);
        int length = bits;
        if (slash >= 0 && !TryParseLength(text.AsSpan(slash + 1), bits, out length))
            return new Problem($"the prefix length is not a number from 0 to {bits}");
        var network = new HostAddress(parsed, length).Network;
        if (!network.BaseAddress.Equals(parsed))
            return new Problem($"has bits set after the first {length}",
                hostBits == 0 ? $"Write {network}, or the address alone" : $"Write {network}");
        if (bits - length < hostBits)
            return new Problem($"has fewer than {1L << hostBits} addresses",
                $"Write a prefix of at most {bits - hostBits} bits");
        if (role is not null && ReservedAddresses.Of(network) is { } use)
            return new Problem($"{use}, which cannot be {role}");
        value = network;
        return null;
    }

    private static bool TryParseLength(ReadOnlySpan<char> text, int most, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= most
        && (text.Length == 1 || text[0] != '0');
}
