using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.Testing;
using Sidestep.UnitTests.Daemon.Api.Rest;

namespace Sidestep.UnitTests.Daemon.Api.OpenApi;

public sealed class OpenApiTests() : RestTests(TestDirector.Yaml)
{
    [Fact]
    public async Task Document_in_docs_is_the_generated_one()
    {
        string generated = (await GetAsync("openapi.json")).Text;
        // After a change: cp artifacts/openapi.json docs/openapi.json
        await File.WriteAllTextAsync(Repository.File("artifacts/openapi.json"), generated, Cancellation);
        Assert.Equal(Repository.Read("docs/openapi.json"), generated);
    }

    [Fact]
    public void Library_accepts_the_document()
    {
        var (document, diagnostic) = Microsoft.OpenApi.OpenApiDocument.Parse(Repository.Read("docs/openapi.json"),
            "json");
        Assert.Empty(diagnostic!.Errors.Select(static e => $"{e.Pointer}: {e.Message}"));
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, diagnostic.SpecificationVersion);
        Assert.Equal(Operations().Count, document!.Paths.Sum(static p => p.Value.Operations!.Count));
    }

    [Fact]
    public void Operations_have_distinct_names_and_only_existing_schemas()
    {
        var operations = Operations();
        Assert.Equal(operations.Count, operations.Select(static o => (string)o.Operation["operationId"]!).Distinct()
            .Count());
        var document = JsonNode.Parse(Repository.Read("docs/openapi.json"))!;
        var schemas = document["components"]!["schemas"]!.AsObject();
        foreach (string reference in References(document))
        {
            var target = reference.TrimStart('#', '/').Split('/').Aggregate(document, static (node, key) => node switch
            {
                JsonArray list => list[int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)]!,
                _ => node[key]!,
            });
            Assert.True(target is not null, reference);
        }
        var used = References(document["paths"]!).Select(static r => r.Split('/')[3]).ToHashSet();
        Assert.Superset(schemas.Select(static s => s.Key)
            .Where(static s => s.EndsWith("Report", StringComparison.Ordinal)).ToHashSet(), used);
    }

    [Fact]
    public void Every_endpoint_of_the_socket_is_in_the_document()
    {
        var undocumented = Listener.Endpoints.OfType<RouteEndpoint>()
            .Where(static e => e.Metadata.GetMetadata<ApiOperation>() is null)
            .Select(static e => e.RoutePattern.RawText);
        Assert.Equal(["{**path}"], undocumented);
    }

    private static List<(string Path, string Method, JsonObject Operation)> Operations() =>
    [
        .. JsonNode.Parse(Repository.Read("docs/openapi.json"))!["paths"]!.AsObject().SelectMany(static p =>
            p.Value!.AsObject().Where(static o => o.Key != "parameters")
                .Select(o => (p.Key, o.Key, o.Value!.AsObject()))),
    ];

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject content => content.SelectMany(static m => m is { Key: "$ref", Value: JsonValue value }
            ? [value.GetValue<string>()] : References(m.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
