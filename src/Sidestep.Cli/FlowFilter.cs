using System.Net;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.Cli;

/// <summary>Selects tracked flows; null selects all.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Server">Name or address of the real server.</param>
/// <param name="Client">The client's address, or a prefix.</param>
public sealed record FlowFilter(string? Service, string? Server, IPNetwork? Client)
{
    /// <summary>True if the filter selects the flow.</summary>
    public bool Matches(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        return (Service is null || flow.Service.ToString() == Service) && Matches(flow.Server)
            && (Client is not { } prefix || prefix.Contains(flow.Flow.Source));
    }

    /// <summary>True if the filter can select flows of the server.</summary>
    public bool Matches(ServerKey server) =>
        Server is null || server.Name == Server || server.Address.ToString() == Server;

    /// <summary>Parses an address or a prefix, such as <c>198.51.100.0/24</c>; null if the text is neither.</summary>
    public static IPNetwork? ParseClient(string text) =>
        IPNetwork.TryParse(text, out var prefix) ? prefix
        : IPAddress.TryParse(text, out var address) ? PrefixText.OfHost(address)
        : null;
}
