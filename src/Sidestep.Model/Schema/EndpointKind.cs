using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>An address and a port to listen at.</summary>
internal sealed class EndpointKind : ScalarKind<IPEndPoint>
{
    protected override string Expected => "an address and a port such as 10.0.0.2:7443 or \"[2001:db8::2]:7443\"";

    public override JsonObject ToJsonSchema() =>
        new() { ["type"] = "string", ["pattern"] = @"^(?:[0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$" };

    public override JsonNode? ToJson(IPEndPoint value) => JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out IPEndPoint? value)
    {
        value = null;
        int colon = scalar.Text.LastIndexOf(':');
        if (colon <= 0 || AddressText.TryParse(scalar.Text, out _))
            return new Problem("there is no port");
        string host = scalar.Text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed)
            host = host[1..^1];
        if (!AddressText.TryParse(host, out var address) || bracketed != host.Contains(':', StringComparison.Ordinal))
            return new Problem("not an address before the port; IPv6 is in brackets");
        if (!ushort.TryParse(scalar.Text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out ushort port) || port == 0)
            return new Problem("the port is not from 1 to 65535");
        value = new IPEndPoint(address, port);
        return null;
    }
}
