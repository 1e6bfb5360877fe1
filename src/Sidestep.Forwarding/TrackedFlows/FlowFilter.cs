using Sidestep.Api.Flows;
using Sidestep.Model;

namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Selects the tracked flows of a request.</summary>
/// <param name="request">The conditions.</param>
internal readonly struct FlowFilter(FlowsRequest request)
{
    /// <summary>True if the filter selects the flow.</summary>
    internal bool Matches(TrackedFlow flow) =>
        (request.Service is null || flow.Service.ToString() == request.Service) && Matches(flow.Server)
            && (request.Client is not { } prefix || prefix.Contains(flow.Flow.Source));

    /// <summary>True if the filter can select flows of the server.</summary>
    internal bool Matches(ServerKey server) => request.Server is not { } name || server.Name == name
        || server.Address.ToString() == name;

    /// <summary>Checks the names: a count of 0 would mean that a service or server has no flows.</summary>
    /// <exception cref="UnknownNameException">The director has no service or server of that name.</exception>
    internal void Check(FlowTableStatus table)
    {
        if (request.Service is { } service && !table.Services.Contains(ServiceKey.Parse(service)))
            throw new UnknownNameException($"--service {service}: the director has no service of that name. "
                + $"It has {Some(table.Services.Select(static s => s.ToString()))}.");
        if (request.Server is { } server && !table.Servers.Any(Matches))
            throw new UnknownNameException(
                $"--server {server}: the director has no real server of that name or address. "
                + $"It has {Some(table.Servers.Select(static s => s.Name))}.");
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names.Distinct().Order(StringComparer.Ordinal)];
        return all.Length == 0 ? "none" : string.Join(", ", all.Take(10)) + (all.Length > 10 ? ", and more" : "");
    }
}
