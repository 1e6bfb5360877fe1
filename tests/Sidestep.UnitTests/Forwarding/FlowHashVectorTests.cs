using System.Globalization;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>The implementation agrees with test vectors that a Python script computed according to
/// docs/flow-hash.md.</summary>
public sealed class FlowHashVectorTests
{
    private static readonly FlowHashVectors All = FlowHashVectors.Read();

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, All.Vectors.Count)];

    [Theory, MemberData(nameof(Indices))]
    public void Hash_and_slots_match_the_test_vector(int index)
    {
        var vector = All.Vectors[index];
        var hash = HashOf(vector);

        Assert.Equal(vector.Hash, hash.ToString("x16", CultureInfo.InvariantCulture));
        foreach (var (size, slot) in vector.Slots)
            Assert.Equal(slot, FlowHash.Slot(hash, int.Parse(size, CultureInfo.InvariantCulture)));
    }

    [Theory, MemberData(nameof(Indices))]
    public void Slot_table_selects_the_server_of_the_test_vector(int index)
    {
        var vector = All.Vectors[index];
        var members = All.Members.Select(static m => new SlotMember(IPAddress.Parse(m.Address), m.Weight)).ToList();
        foreach (var (size, server) in vector.Servers)
        {
            var table = SlotTable.Build(KeyOf(vector), members, int.Parse(size, CultureInfo.InvariantCulture));
            Assert.Equal(server, table.Members[table.Slots[vector.Slots[size]]].Address.ToString());
        }
    }

    [Fact]
    public void Every_choice_of_hash_fields_has_test_vectors_of_both_families() => Assert.Equal(
        from fields in Enum.GetValues<HashFields>() from family in new[] { "ipv4", "ipv6" } select (fields, family),
        All.Vectors.Select(static v => (FieldsOf(v), v.Family)).Distinct().Order());

    [Theory, MemberData(nameof(Indices))]
    public void Quoted_flow_hashes_like_the_flow_itself(int index)
    {
        var vector = All.Vectors[index];
        var quoted =
            new Flow(IPAddress.Parse(vector.Destination), IPAddress.Parse(vector.Source), vector.Protocol,
            vector.DestinationPort, vector.SourcePort);
        Assert.Equal(
            vector.Hash,
            FlowHash.Of(KeyOf(vector), FieldsOf(vector), Reversed(quoted)).ToString(
            "x16", CultureInfo.InvariantCulture));
    }

    private static Flow Reversed(Flow flow) =>
        new(flow.Destination, flow.Source, flow.Protocol, flow.DestinationPort, flow.SourcePort);

    [Fact]
    public void Flow_with_two_address_families_is_rejected() => Assert.Throws<ArgumentException>(static () =>
        FlowHash.Of(default, HashFields.FiveTuple, new Flow(IPAddress.Loopback, IPAddress.IPv6Loopback, 6)));

    [Fact]
    public void Documentation_page_shows_the_test_vectors()
    {
        var page = File.ReadAllLines(Repository.File("docs", "flow-hash.md"));
        var expected = All.Vectors.Select(static v => string.Create(CultureInfo.InvariantCulture,
            $"| {v.Key} | {v.Fields} | {Endpoint(v.Source, v.SourcePort)} |"
            + $" {Endpoint(v.Destination, v.DestinationPort)}"
            + $" | {v.Protocol} | {v.Hash} | {string.Join(" | ", v.Slots.Values)} |"));

        Assert.Equal(
            expected, page.Where(static l => l.Length > 2 && l[0] == '|' && char.IsAsciiHexDigit(l[2])
            && l.Contains(':', StringComparison.Ordinal)));
    }

    [Fact]
    public void Documentation_page_lists_every_table_size()
    {
        var page = File.ReadAllText(Repository.File("docs", "flow-hash.md"));
        Assert.All(SlotCounts.All, size => Assert.Contains($" {size}", page, StringComparison.Ordinal));
        Assert.Contains($"{SlotCounts.Default} (the default)", page, StringComparison.Ordinal);
    }

    private static ulong HashOf(FlowHashVectors.Vector vector) => FlowHash.Of(KeyOf(vector), FieldsOf(vector), new Flow(
        IPAddress.Parse(vector.Source), IPAddress.Parse(vector.Destination), vector.Protocol, vector.SourcePort,
        vector.DestinationPort));

    private static HashFields FieldsOf(FlowHashVectors.Vector vector) =>
        Enum.Parse<HashFields>(vector.Fields.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    private static string Endpoint(string address, ushort port) =>
        $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{port}";

    private static HashKey KeyOf(FlowHashVectors.Vector vector) =>
        HashKey.TryParse(vector.Key, out var key) ? key : throw new FormatException(vector.Key);
}
