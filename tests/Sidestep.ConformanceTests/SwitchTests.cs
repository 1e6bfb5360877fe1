using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.ConformanceTests;

/// <summary>The verifier of this kernel takes the program with what switches leave of it: each pair of switches both on, both
/// off, and either alone.</summary>
[Collection(OneAtATime.Name)]
public sealed class SwitchTests(SwitchTests.Tables tables) : IClassFixture<SwitchTests.Tables>
{
    /// <summary>Half of what the kernel looks at before it gives up: other kernels and compilers count differently.</summary>
    private const uint MostInstructions = 500_000;

    private static readonly SwitchSet[] Switches =
        [.. Enum.GetValues<SwitchSet>().Where(static s => s != SwitchSet.None && s != SwitchSet.All)];

    /// <summary>
    /// In five loads each switch is on in three of its own. Two sets of three out of five always share one and never all, so
    /// two switches meet both on and either alone; both off they are in the load of none. Ten switches could be told apart.
    /// </summary>
    private static readonly IReadOnlyList<SwitchSet> Loads = [SwitchSet.None, SwitchSet.All, .. FiveLoads()];

    public static TheoryData<SwitchSet> Sets => [.. Loads];

    [Theory, MemberData(nameof(Sets))]
    public void The_verifier_takes_the_program(SwitchSet set)
    {
        using var loaded = tables.Load(set);
        using var program = loaded.Program("director");
        Assert.InRange(program.VerifiedInstructions, 1u, MostInstructions);
    }

    [Fact]
    public void Every_pair_of_switches_is_loaded_in_every_combination()
    {
        var missing =
            from one in Switches
            from other in Switches
            where one < other
            from wanted in new[] { SwitchSet.None, one, other, one | other }
            where !Loads.Any(l => (l & (one | other)) == wanted)
            select $"{one} and {other}: {wanted}";
        Assert.Empty(missing);
    }

    /// <summary>The pool's outer header has a port that differs per flow and needs no sources; this server's has none.</summary>
    [Fact]
    public void A_server_with_an_outer_header_of_its_own_has_the_profiles_outer_sources()
    {
        var given = Cases.CaseTable.Given(
            """
            profiles: {gue: {dsr: l3, encapsulation: gue, outerSource: [198.18.0.0/15]}}
            pools: {far: {servers: {far1: {encapsulation: ipip}}}}
            services: {far: {profile: gue}, far-dns: {profile: gue}}
            """);
        var needs = SwitchSets.Needs(Forwarding.TableCompiler.Compile(given.Configuration, given.NextHops));
        Assert.True(needs.HasFlag(SwitchSet.OuterSources), $"{needs}");
    }

    private static IEnumerable<SwitchSet> FiveLoads()
    {
        var threes =
            from first in Enumerable.Range(0, 5)
            from second in Enumerable.Range(first + 1, 4 - first)
            from third in Enumerable.Range(second + 1, 4 - second)
            select new[] { first, second, third };
        var places = threes.Zip(Switches).ToList();
        return Enumerable.Range(0, 5).Select(load =>
            places.Where(p => p.First.Contains(load)).Aggregate(SwitchSet.None, static (set, p) => set | p.Second));
    }

    /// <summary>The tables of the first program are those of the others: making them takes longer than the verifier.</summary>
    public sealed class Tables : IDisposable
    {
        private const int Buckets = 64;
        private BpfObject? _first;

        internal BpfObject Load(SwitchSet set)
        {
            _first ??= DirectorObject.Load(SwitchSet.None, Buckets, null);
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
