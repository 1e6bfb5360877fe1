using System.Net;
using Sidestep.Packets;

namespace Sidestep.Api.Flows;

/// <summary>Selects tracked flows; null selects all. The request is the query of a GET.</summary>
/// <param name="List">True: every selected flow is sent; false: only their counts.</param>
/// <param name="Service">Name of the service.</param>
/// <param name="Server">Name or address of the real server.</param>
/// <param name="Client">The client's address, or a prefix.</param>
public sealed record FlowsRequest(bool List = false, string? Service = null, string? Server = null,
    IPNetwork? Client = null)
{
    /// <summary>Parses an address or a prefix, such as <c>198.51.100.0/24</c>; null if the text is neither.</summary>
    public static IPNetwork? ParseClient(string text) =>
        IPNetwork.TryParse(text, out var prefix) ? prefix
        : IPAddress.TryParse(text, out var address) ? PrefixText.OfHost(address)
        : null;

    /// <summary>Path and query of the request.</summary>
    internal string ToPath() => ApiPaths.Flows + (List ? "?list=true" : "?list=false") + Parameter("service", Service)
        + Parameter("server", Server) + Parameter("client", Client is { } client ? PrefixText.Of(client) : null);

    private static string Parameter(string name, string? value) =>
        value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
