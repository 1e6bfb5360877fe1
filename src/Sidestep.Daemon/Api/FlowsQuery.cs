using Microsoft.AspNetCore.Http;
using Sidestep.Api.Flows;

namespace Sidestep.Daemon.Api;

/// <summary>Parses the query of a request for flows.</summary>
internal static class FlowsQuery
{
    private static readonly string[] Parameters = ["list", "service", "server", "client"];

    /// <exception cref="HttpStatusException">A parameter is unknown or wrong (400).</exception>
    internal static FlowsRequest Of(IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(static k => !Parameters.Contains(k)) is { } unknown)
            throw Wrong($"'{unknown}' is not a parameter: they are {string.Join(", ", Parameters)}");
        var request = new FlowsRequest { Service = query["service"], Server = query["server"] };
        if (query["list"] is { Count: > 0 } list)
        {
            request = request with
            {
                List = bool.TryParse(list, out var isList) ? isList : throw Wrong($"list={list}: write true or false"),
            };
        }
        if (query["client"] is { Count: > 0 } client)
        {
            request = request with
            {
                Client = FlowsRequest.ParseClient(client.ToString())
                    ?? throw Wrong($"client={client}: neither an address nor a prefix"),
            };
        }
        return request;
    }

    private static HttpStatusException Wrong(string detail) =>
        new(StatusCodes.Status400BadRequest, "bad request", detail);
}
