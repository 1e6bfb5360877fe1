using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Api.Access;
using Sidestep.Testing;
using Sidestep.UnitTests.Daemon.Api.Access;
using Sidestep.UnitTests.Daemon.Api.Rest;

namespace Sidestep.UnitTests.Daemon.Api.OpenApi;

/// <summary>Random requests to every operation of the OpenAPI document with every role: none fails unexpectedly, no
/// answer has a secret, and whatever is accepted is a valid configuration that is read back.</summary>
public sealed class ApiFuzzTests() : RemoteTests(TestDirector.Yaml)
{
    private const int Rounds = 12;

    private const string Password = "correct horse battery";

    /// <summary>Who sends requests; null: a client without credentials.</summary>
    private static readonly (Role Role, string? Scope)?[] Senders =
    [
        null, (Role.Viewer, null), (Role.Operator, null), (Role.Administrator, null), (Role.Viewer, "a=b"),
        (Role.Administrator, "a=b"),
    ];

    /// <summary>These need an engine, which the system tests have.</summary>
    private static readonly string[] OfTheEngine =
        ["diagnose", "listFlows", "capture", "plan", "decide", "listEvents", "listRevisions", "stream"];

    private readonly Random _random = new(15);
    private HttpClient? _client;
    private string? _token;

    [Fact]
    public async Task No_request_fails_unexpectedly()
    {
        await SendAsync("PUT", "users/alice", $$"""{ "role": "viewer", "password": "{{Password}}" }""",
            "application/json");
        var paths = JsonNode.Parse(Repository.Read("docs/openapi.json"))!["paths"]!.AsObject();
        int accepted = 0;
        for (int round = 0; round < Rounds * Senders.Length; round++)
        {
            var sender = Senders[round % Senders.Length];
            using var client = ClientAt(new IPAddress([127, 0, 1, (byte)round]));
            _token = sender is var (role, scope) ? await TokenAsync($"r{round}", role, scope) : null;
            _client = client;
            foreach (var (path, item) in paths)
            {
                foreach (var (method, operation) in item!.AsObject().Where(static o => o.Key != "parameters"))
                {
                    if (OfTheEngine.Contains((string)operation!["operationId"]!))
                        continue;
                    var response = await RequestAsync(method.ToUpperInvariant(), Path(path) + Query(),
                        Body(operation), MediaType(operation));
                    Check(response, $"{method} {path}", sender?.Role);
                    accepted += response.Status < 300 ? 1 : 0;
                }
            }
        }
        Assert.True(accepted > paths.Count, $"only {accepted} requests were accepted");
        Assert.DoesNotContain(Rest.Log.Lines, static l => l.StartsWith("error: ", StringComparison.Ordinal));
        var exported = await GetAsync("configuration");
        Assert.Equal("False", (await PutAsync("configuration", exported.Text))["changed"]);
    }

    private async Task<RestResponse> RequestAsync(string method, string path, string? body, string? mediaType)
    {
        var before = RemoteHttp;
        RemoteHttp = _client!;
        try
        {
            return await RemoteAsync(method, path, _token, body, mediaType ?? "", request =>
            {
                Add(request, "If-Match", Maybe("\"x\"", "*"));
                Add(request, "If-None-Match", Maybe("*", "\"x\""));
                Add(request, "Accept", Maybe("application/yaml", "x"));
            });
        }
        finally
        {
            RemoteHttp = before;
        }
    }

    private static void Add(HttpRequestMessage request, string name, string? value)
    {
        if (value is not null)
            request.Headers.TryAddWithoutValidation(name, value);
    }

    private void Check(RestResponse response, string request, Role? role)
    {
        Assert.True(response.Status < 500, $"{request}: {response.Status} {response.Text}");
        Assert.DoesNotContain(Password, response.Text, StringComparison.Ordinal);
        if (_token is not null)
            Assert.DoesNotContain(_token, response.Text, StringComparison.Ordinal);
        if (role != Role.Administrator)
            Assert.DoesNotContain("5f1d3c0e8a7b46925d20c9e4b6a1f873", response.Text, StringComparison.Ordinal);
        // Kestrel rejects some paths itself, without a body.
        if (response.Status < 400 || response is { Status: 400, Text: "" })
            return;
        Assert.True(response.MediaType == "application/problem+json", $"{request}: {response.Text}");
        Assert.False(string.IsNullOrEmpty(response["title"]), request);
        Assert.False(string.IsNullOrEmpty(response["detail"]), request);
    }

    private string Path(string template) => template
        .Replace("{name}", Name(), StringComparison.Ordinal)
        .Replace("{pool}", Pick("web", "dns", Name()), StringComparison.Ordinal)
        .Replace("{number}", Pick("1", "2", "0", "99999999999999999999", "x"), StringComparison.Ordinal);

    private string Name() => Pick("web", "dns", "www", "near", "web1", "203.0.113.10", "2001:db8::%2F64", "new", "%00",
        "%F0%9F%98%80", "a%2Fb", "..%2F..", new string('x', 64), "%25", "Web", "-");

    private string Query() => _random.Next(4) switch
    {
        0 => "?" + Pick("reason=why", "reason=%0A", "dryRun=maybe", "limit=1", "limit=-1", "after=a", "labels=a%3Db",
            "labels=%2C", "name=*", "x=y", "since=1", "since=x", "reason=a&reason=b"),
        _ => "",
    };

    private string? Body(JsonNode operation)
    {
        if (operation["requestBody"] is null)
            return null;
        if (_random.Next(5) == 0)
        {
            return Pick("", "null", "[]", "{", "1", "\"x\"", "{\"a\":1,\"a\":2}", new string('[', 100), "node: [",
                "\u0000");
        }
        return Mutate(JsonNode.Parse(Pick(
            """{ "address": "10.0.0.13", "weight": 3 }""",
            """{ "servers": [ { "name": "web1", "address": "10.0.0.11" } ], "labels": { "a": "b" } }""",
            """{ "vip": "203.0.113.11", "protocol": "tcp", "port": 81, "pool": "web", "networkProfile": "near" }""",
            """{ "dsrType": "l2", "annotations": { "x": "y" } }""", """{ "type": "tcp" }""", "{}",
            """{ "allow": [ "198.51.100.0/24" ] }""", """{ "echo": "drop" }""",
            """{ "hashKey": "5f1d3c0e8a7b46925d20c9e4b6a1f873", "flowTableSize": 2048 }""",
            """{ "name": "edge1", "interfaces": [ { "name": "eth0" } ] }""", """{ "pools": null }"""))!).ToJsonString()
            .Replace("LONE", "\\ud800", StringComparison.Ordinal);
    }

    /// <summary>Sometimes replaces one value by another kind of value, or adds a key.</summary>
    private JsonNode Mutate(JsonNode body)
    {
        if (body is not JsonObject content || _random.Next(2) == 0)
            return body;
        string key = content.Count == 0 || _random.Next(4) == 0 ? Pick("name", "x", "", "servers", "labels")
            : content.ElementAt(_random.Next(content.Count)).Key;
        content[key] = JsonNode.Parse(Pick("null", "0", "-1", "1e999", "\"\"", "\"\\ud83d\\ude00\"", "\"LONE\"",
            "{\"LONE\":1}", "[]", "{}", "true", "[null]", "{\"a\":{}}", "99999999999999999999"));
        return content;
    }

    private string? MediaType(JsonNode operation) => operation["requestBody"] is not { } body ? null
        : _random.Next(8) == 0 ? "text/plain" : body["content"]!.AsObject().First().Key;

    private string? Maybe(params string[] values) => _random.Next(6) == 0 ? Pick(values) : null;

    private string Pick(params string[] values) => values[_random.Next(values.Length)];
}
