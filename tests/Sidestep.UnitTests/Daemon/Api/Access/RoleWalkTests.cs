using System.Net;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api.Access;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.UnitTests.Daemon.Api.Rest;

namespace Sidestep.UnitTests.Daemon.Api.Access;

/// <summary>Every endpoint with every role. A new endpoint needs a row here.</summary>
public sealed class RoleWalkTests() : RemoteTests(TestDirector.Yaml + """

    healthMonitors: [ { name: web, type: tcp } ]
    accessLists: [ { name: web, allow: [ 198.51.100.0/24 ] } ]
    vips: [ { address: 203.0.113.10 } ]
    """)
{
    private const string NoCredentials = "none", Viewer = "viewer", Operator = "operator",
        Administrator = "administrator", LimitedViewer = "viewer of team=shop",
        LimitedAdministrator = "administrator of team=shop";

    private static readonly string[] Senders =
        [NoCredentials, Viewer, Operator, Administrator, LimitedViewer, LimitedAdministrator];

    /// <summary>For each operation who may send it, in the order of <see cref="Senders"/>: + yes, - no. Objects of the
    /// walk have no labels, so limited senders may only list them.</summary>
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["getStatus"] = "-+++--",
        ["listEvents"] = "-+++--",
        ["listRevisions"] = "-+++--",
        ["diagnose"] = "--++--",
        ["listFlows"] = "-+++--",
        ["capture"] = "--++--",
        ["plan"] = "-+++--",
        ["decide"] = "-+++--",
        ["getMetrics"] = "-+++--",
        ["stream"] = "-+++--",
        ["getOpenApi"] = "-+++++",
        ["getConfiguration"] = "-+++--",
        ["putConfiguration"] = "---+--",
        ["patchConfiguration"] = "---+--",
        ["getNode"] = "-+++--",
        ["putNode"] = "---+--",
        ["patchNode"] = "---+--",
        ["getGroup"] = "-+++--",
        ["putGroup"] = "---+--",
        ["patchGroup"] = "---+--",
        ["listNetworkProfiles"] = "-+++++",
        ["getNetworkProfile"] = "-+++--",
        ["putNetworkProfile"] = "---+--",
        ["patchNetworkProfile"] = "---+--",
        ["deleteNetworkProfile"] = "---+--",
        ["listHealthMonitors"] = "-+++++",
        ["getHealthMonitor"] = "-+++--",
        ["putHealthMonitor"] = "---+--",
        ["patchHealthMonitor"] = "---+--",
        ["deleteHealthMonitor"] = "---+--",
        ["listPools"] = "-+++++",
        ["getPool"] = "-+++--",
        ["putPool"] = "---+--",
        ["patchPool"] = "---+--",
        ["deletePool"] = "---+--",
        ["listServers"] = "-+++++",
        ["getServer"] = "-+++--",
        ["putServer"] = "---+--",
        ["patchServer"] = "---+--",
        ["deleteServer"] = "---+--",
        ["listAccessLists"] = "-+++++",
        ["getAccessList"] = "-+++--",
        ["putAccessList"] = "---+--",
        ["patchAccessList"] = "---+--",
        ["deleteAccessList"] = "---+--",
        ["listVips"] = "-+++++",
        ["getVip"] = "-+++--",
        ["putVip"] = "---+--",
        ["patchVip"] = "---+--",
        ["deleteVip"] = "---+--",
        ["listVirtualServices"] = "-+++++",
        ["getVirtualService"] = "-+++--",
        ["putVirtualService"] = "---+--",
        ["patchVirtualService"] = "---+--",
        ["deleteVirtualService"] = "---+--",
        ["getRevision"] = "-+++--",
        ["getRevisionDifference"] = "-+++--",
        ["rollBack"] = "---+--",
        ["getSession"] = "-+++++",
        ["logIn"] = "++++++",
        ["logOut"] = "-+++++",
        ["listUsers"] = "---+--",
        ["putUser"] = "---+--",
        ["deleteUser"] = "---+--",
        ["listTokens"] = "---+--",
        ["createToken"] = "---+--",
        ["revokeToken"] = "---+--",
        ["listDirectors"] = "-+++--",
        ["listAgents"] = "-+++--",
        ["getAgent"] = "-+++--",
        ["listOverrides"] = "-+++--",
        ["getOverride"] = "-+++--",
        ["putOverride"] = "--++--",
        ["deleteOverride"] = "--++--",
        ["inviteAgent"] = "---+--",
        ["revokeAgent"] = "---+--",
    };

    [Fact]
    public async Task Each_role_may_send_what_the_table_says_and_nothing_else()
    {
        Rest.Plan = static _ => TestRest.EmptyPlan;
        var faults = new List<string>();
        var walked = new HashSet<string>();
        foreach (var endpoint in Remote.Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<ApiOperation>() is not { } operation)
                continue;
            walked.Add(operation.Id);
            if (!Expected.TryGetValue(operation.Id, out string? row))
            {
                faults.Add($"{operation.Id} has no row");
                continue;
            }
            // Each client has a limit of requests.
            using var client = ClientAt(new IPAddress([127, 0, 2, (byte)walked.Count]));
            RemoteHttp.Dispose();
            RemoteHttp = client;
            string method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single();
            for (int i = 0; i < Senders.Length; i++)
            {
                var response = await RemoteAsync(method, PathOf(endpoint, operation), await TokenAsync(Senders[i]),
                    operation.Body is null ? null : BodyOf(operation),
                    operation.BodyTypes.FirstOrDefault("application/json"));
                string answer = response.Status is 401 or 403 ? "-" : "+";
                if (answer[0] != row[i])
                    faults.Add($"{operation.Id} of {Senders[i]}: {response.Status} {response.Text}");
                else if (answer == "-")
                    Assert.Equal(Senders[i] == NoCredentials ? 401 : 403, response.Status);
                if (response.Status >= 500 && response.Status != 503)
                    faults.Add($"{operation.Id} of {Senders[i]}: {response.Status} {response.Text}");
            }
        }
        Assert.Empty(faults);
        Assert.Equal(Expected.Keys.Order(), walked.Order());
    }

    /// <summary>A fresh token for each request, because one of the requests revokes it.</summary>
    private async Task<string?> TokenAsync(string sender) => sender == NoCredentials ? null : await TokenAsync(
        $"t{Guid.NewGuid():N}",
        sender.StartsWith(Viewer, StringComparison.Ordinal) ? Role.Viewer
        : sender.StartsWith(Operator, StringComparison.Ordinal) ? Role.Operator : Role.Administrator,
        sender.Contains('=') ? "team=shop" : null);

    private static string PathOf(RouteEndpoint endpoint, ApiOperation operation) => endpoint.RoutePattern.RawText!
        .Replace("{number}", "1", StringComparison.Ordinal)
        .Replace("{pool}", "web", StringComparison.Ordinal)
        .Replace("{name}", operation.Id switch
        {
            "getNetworkProfile" or "putNetworkProfile" or "patchNetworkProfile" or "deleteNetworkProfile" => "near",
            "getVip" or "putVip" or "patchVip" or "deleteVip" => "203.0.113.10",
            "getVirtualService" or "putVirtualService" or "patchVirtualService" or "deleteVirtualService" => "www",
            "getServer" or "putServer" or "patchServer" or "deleteServer" or "getOverride" or "putOverride"
                or "deleteOverride" => "web1",
            _ => "web",
        }, StringComparison.Ordinal)
        + (operation.Query.Any(static q => q.Name == "dryRun") ? "?dryRun=true" : "");

    /// <summary>A body that changes nothing, if the request is allowed.</summary>
    private static string BodyOf(ApiOperation operation) => operation.Body switch
    {
        "TokenRequest" => """{ "name": "-" }""",
        "LoginRequest" => "[]",
        "UserRequest" => """{ "password": "short" }""",
        _ => "{}",
    };
}
