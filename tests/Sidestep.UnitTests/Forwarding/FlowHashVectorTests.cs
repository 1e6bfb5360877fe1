using System.Globalization;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>The implementation against vectors that a Python script made from docs/flow-hash.md.</summary>
public sealed class FlowHashVectorTests
{
    private static readonly FlowHashVectors All = FlowHashVectors.Read();

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, All.Vectors.Count)];

    [Theory, MemberData(nameof(Indices))]
    public void Hash_and_slots_are_those_of_the_vector(int index)
    {
        var vector = All.Vectors[index];
        var hash = HashOf(vector);

        Assert.Equal(vector.Hash, hash.ToString("x16", CultureInfo.InvariantCulture));
        foreach (var (size, slot) in vector.Slots)
            Assert.Equal(slot, FlowHash.Slot(hash, int.Parse(size, CultureInfo.InvariantCulture)));
    }

    [Theory, MemberData(nameof(Indices))]
    public void The_slot_table_chooses_the_server_of_the_vector(int index)
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
    public void The_page_shows_the_vectors()
    {
        var page = File.ReadAllLines(Repository.File("docs", "flow-hash.md"));
        var expected = All.Vectors.Select(static v => string.Create(CultureInfo.InvariantCulture,
            $"| {v.Key} | {v.Fields} | {v.Source}:{v.SourcePort} | {v.Destination}:{v.DestinationPort} | {v.Protocol} | {v.Hash} | {string.Join(" | ", v.Slots.Values)} |"));

        Assert.Equal(expected, page.Where(static l => l.Length > 2 && l[0] == '|' && char.IsAsciiHexDigit(l[2]) && l.Contains(':', StringComparison.Ordinal)));
    }

    [Fact]
    public void The_page_names_every_table_size()
    {
        var page = File.ReadAllText(Repository.File("docs", "flow-hash.md"));
        Assert.All(SlotCounts.All, size => Assert.Contains($" {size}", page, StringComparison.Ordinal));
        Assert.Contains($"{SlotCounts.Default} (the default)", page, StringComparison.Ordinal);
    }

    private static ulong HashOf(FlowHashVectors.Vector vector)
    {
        var source = Ipv4Address.From(IPAddress.Parse(vector.Source)).Value;
        return vector.Fields == "source-address"
            ? FlowHash.OfSource(KeyOf(vector), source)
            : FlowHash.OfFiveTuple(KeyOf(vector), source, Ipv4Address.From(IPAddress.Parse(vector.Destination)).Value,
                vector.SourcePort, vector.DestinationPort, vector.Protocol);
    }

    private static HashKey KeyOf(FlowHashVectors.Vector vector) =>
        HashKey.TryParse(vector.Key, out var key) ? key : throw new FormatException(vector.Key);
}
