using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;
using Sidestep.Packets;

namespace Sidestep.Model.Schema;

/// <summary>An address that a host can have, of either family.</summary>
/// <param name="role">What the address is, such as "a VIP".</param>
internal sealed class AddressKind(string role) : ScalarKind<IPAddress>
{
    protected override string Expected => "an address such as 192.0.2.10 or 2001:db8::10";

    public override JsonObject ToJsonSchema() => AddressText.JsonSchema();

    public override JsonNode? ToJson(IPAddress value) => JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out IPAddress? value)
    {
        if (AddressText.TryParse(scalar.Text, out value))
            return ReservedAddresses.Of(PrefixText.OfHost(value)) is { } use
                ? new Problem($"{use}, which cannot be {role}") : null;
        int slash = scalar.Text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && AddressText.TryParse(scalar.Text[..slash], out _)
            ? new Problem("an address with a prefix length", $"Write the address alone: {scalar.Text[..slash]}")
            : AddressText.Explain(scalar.Text);
    }
}
