using System.Text.Json;

namespace Sidestep.Testing;

/// <summary>The test vectors of tests/cases/flow_hash_vectors.json, which a Python script computed according to
/// docs/flow-hash.md.</summary>
internal sealed record FlowHashVectors(
    IReadOnlyList<FlowHashVectors.Member> Members, IReadOnlyList<FlowHashVectors.Vector> Vectors)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static FlowHashVectors Read() => JsonSerializer.Deserialize<FlowHashVectors>(
        File.ReadAllText(Repository.File("tests", "cases", "flow_hash_vectors.json")), Options)!;

    internal sealed record Member(string Address, int Weight);

    internal sealed record Vector(
        string Key, string Fields, string Family, string Source, string Destination, byte Protocol, ushort SourcePort,
        ushort DestinationPort,
        string Hash, IReadOnlyDictionary<string, int> Slots, IReadOnlyDictionary<string, string> Servers);
}
