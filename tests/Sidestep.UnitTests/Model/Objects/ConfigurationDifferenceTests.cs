using System.Collections.Immutable;
using System.Text.Json;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.UnitTests.Model.Objects;

public sealed class ConfigurationDifferenceTests
{
    private static readonly Configuration First = TestDocument.Read(TestDocument.Valid).Configuration!;

    [Fact]
    public void Values_are_named_by_the_objects_that_contain_them()
    {
        var pool = First.Pools[0];
        var after = First with
        {
            Pools =
            [
                pool with
                {
                    Slots = 4093,
                    Servers = [pool.Servers[1], pool.Servers[0] with { Weight = 1, Backup = true }],
                },
            ],
            VirtualServices = [First.VirtualServices[0]],
            AccessLists = [new AccessList { Name = "office" }],
        };
        Assert.Equal(
            [
                new DifferentValue("accessLists[office]", null, """{"name":"office"}"""),
                new DifferentValue("pools[web].servers[web1].backup", null, "true"),
                new DifferentValue("pools[web].servers[web1].weight", "5", null),
                new DifferentValue("pools[web].slots", "1021", "4093"),
                new DifferentValue("virtualServices[api]",
                    """{"name":"api","vip":"203.0.113.20","protocol":"udp","port":443,"pool":"web","""
                    + "\"networkProfile\":\"routed\"}",
                    null),
            ], Of(First, after).OrderBy(static d => d.Path, StringComparer.Ordinal));
    }

    [Fact]
    public void Equal_configurations_do_not_differ() => Assert.Empty(Of(First, First));

    /// <summary>Whatever differs is named, and only if the texts differ.</summary>
    [Fact]
    public void Random_configurations_differ_exactly_if_their_texts_do()
    {
        var random = new RandomConfiguration(7);
        for (int i = 0; i < 200; i++)
        {
            var (one, other) = (random.Next(), random.Next());
            Assert.Empty(Of(one, one));
            Assert.NotEmpty(Of(one, other));
            Assert.Equal(Of(one, other).Select(static d => (d.Path, d.After, d.Before)).Order(),
                Of(other, one).Select(static d => (d.Path, d.Before, d.After)).Order());
        }
    }

    private static ImmutableArray<DifferentValue> Of(Configuration before, Configuration after) =>
        ConfigurationDifference.Of(Json(before), Json(after));

    private static JsonElement Json(Configuration configuration) =>
        JsonDocument.Parse(ConfigurationWriter.ToJson(configuration, isIndented: false)).RootElement;
}
