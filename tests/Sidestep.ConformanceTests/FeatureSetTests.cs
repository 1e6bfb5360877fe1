using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.ConformanceTests;

/// <summary>The verifier of this kernel accepts the program with every feature set: each pair of features is tested
/// with both on, both off, and either alone.</summary>
[Collection(SerialEngines.Name)]
public sealed class FeatureSetTests(FeatureSetTests.SharedMaps tables) : IClassFixture<FeatureSetTests.SharedMaps>
{
    /// <summary>Half of the kernel's limit, because other kernels and compilers count differently.</summary>
    private const uint MostInstructions = 500_000;

    private static readonly FeatureSet[] Features =
        [.. Enum.GetValues<FeatureSet>().Where(static s => s != FeatureSet.None && s != FeatureSet.All)];

    /// <summary>Five loads; each feature is on in a different set of three. Two sets of three out of five always share
    /// one load and never all. So any two features are both on in one load, and either alone in others; both are off in
    /// the load with none. This scheme is enough for ten features.</summary>
    private static readonly IReadOnlyList<FeatureSet> LoadedSets = [FeatureSet.None, FeatureSet.All, .. FiveSets()];

    public static TheoryData<FeatureSet> Sets => [.. LoadedSets];

    [Theory, MemberData(nameof(Sets))]
    public void Verifier_accepts_the_program_with_each_feature_set(FeatureSet set)
    {
        using var loaded = tables.Load(set);
        using var program = loaded.Program("director");
        Assert.InRange(program.VerifiedInstructions, 1u, MostInstructions);
    }

    [Fact]
    public void Every_pair_of_features_is_loaded_in_every_combination()
    {
        var missing =
            from one in Features
            from other in Features
            where one < other
            from combination in new[] { FeatureSet.None, one, other, one | other }
            where !LoadedSets.Any(l => (l & (one | other)) == combination)
            select $"{one} and {other}: {combination}";
        Assert.Empty(missing);
    }

    /// <summary>The encapsulation of the pool varies the source port and needs no outer sources; the encapsulation of
    /// this server needs them.</summary>
    [Fact]
    public void Server_with_its_own_encapsulation_uses_the_outer_sources_of_the_profile()
    {
        var given = Cases.CaseTable.Given(
            """
            profiles: {gue: {dsr: l3, encapsulation: gue, outerSource: [198.18.0.0/15]}}
            pools: {far: {servers: {far1: {encapsulation: ipip}}}}
            services: {far: {profile: gue}, far-dns: {profile: gue}}
            """);
        var needs = FeatureSets.Needs(Forwarding.TableCompiler.Compile(given.Configuration, given.NextHops));
        Assert.True(needs.HasFlag(FeatureSet.OuterSources), $"{needs}");
    }

    private static IEnumerable<FeatureSet> FiveSets()
    {
        var threes =
            from first in Enumerable.Range(0, 5)
            from second in Enumerable.Range(first + 1, 4 - first)
            from third in Enumerable.Range(second + 1, 4 - second)
            select new[] { first, second, third };
        var places = threes.Zip(Features).ToList();
        return Enumerable.Range(0, 5).Select(load =>
            places.Where(p => p.First.Contains(load)).Aggregate(FeatureSet.None, static (set, p) => set | p.Second));
    }

    /// <summary>All loads share the maps of the first, because creating them takes longer than the verifier.</summary>
    public sealed class SharedMaps : IDisposable
    {
        private const int Buckets = 64;
        private BpfObject? _first;

        internal BpfObject Load(FeatureSet set)
        {
            _first ??= DirectorObject.Load(FeatureSet.None, Buckets, null);
            var maps = StateMaps.Names.ToDictionary(static n => n, _first.Map);
            try
            {
                return DirectorObject.Load(set, Buckets, n => maps[n]);
            }
            finally
            {
                foreach (var map in maps.Values)
                    map.Dispose();
            }
        }

        public void Dispose() => _first?.Dispose();
    }
}
