using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>Runs scenarios on both engines. Equal numbers give equal scenarios.</summary>
/// <param name="loaded">The engines, for the exclusive use of this run.</param>
internal sealed class DifferentialRun(Engines loaded) : IDisposable
{
    private static readonly string[] Programs =
        [Engines.AllFeatures, Engines.Captured, Engines.AllFeatures, Engines.MultiArm];

    private readonly Dictionary<string, EngineComparison> _engines = [];
    private long _frames;

    /// <summary>Frames that were compared.</summary>
    public long Frames => _frames;

    /// <summary>Runs a scenario.</summary>
    /// <param name="number">Number of the scenario.</param>
    /// <param name="frames">Number of frames of the scenario.</param>
    /// <returns>The difference; null when there is none.</returns>
    public Finding? Run(int number, int frames)
    {
        var scenario = ScenarioOf(number, frames);
        if (Of(scenario) is not { } difference)
            return null;
        // Time passes while frames are compared: a difference that does not repeat is caused by the clock.
        if (Of(scenario) is not { } again)
            return new Finding(number, scenario, difference, IsRepeatable: false);
        var before = _frames;
        var (smallest, its) = new Shrinker(Of, TimeSpan.FromSeconds(60)).Shrink(scenario, again);
        _frames = before;
        return new Finding(number, smallest, its, IsRepeatable: true);
    }

    /// <summary>The scenario of a number.</summary>
    public static Scenario ScenarioOf(int number, int frames)
    {
        var random = new Random(number);
        var situation = new RandomConfiguration(random);
        var stages = random.Next(1, 5);
        var first = situation.First();
        var traffic = new RandomTraffic(random);
        IReadOnlyList<byte[]> Some() => [.. Enumerable.Range(0, frames / stages).Select(_ => traffic.Next())];
        var engine = situation.HasSeveralInterfaces || random.Next(4) > 0
            ? Programs[random.Next(Programs.Length)]
            : Engines.OneArm;
        return new Scenario(engine,
        [
            new Stage(first, 0, Some()),
            .. Enumerable.Range(1, stages - 1)
            .Select(_ => new Stage(situation.Next(), new[] { 0, 0, 61, 700, 4000 }[random.Next(5)], Some())),
        ]);
    }

    private Difference? Of(Scenario scenario)
    {
        if (!_engines.TryGetValue(scenario.Engine, out var engines))
            _engines.Add(scenario.Engine, engines = new EngineComparison(loaded.Loaded(scenario.Engine)));
        return engines.Run(scenario, ref _frames);
    }

    public void Dispose()
    {
        foreach (var engines in _engines.Values)
            engines.Dispose();
    }
}

/// <summary>A scenario in which the engines differ.</summary>
/// <param name="Number">Of the scenario.</param>
/// <param name="Scenario">The scenario, shrunk if the difference is repeatable.</param>
/// <param name="Difference">The first difference.</param>
/// <param name="IsRepeatable">False when a second run showed no difference.</param>
internal sealed record Finding(int Number, Scenario Scenario, Difference Difference, bool IsRepeatable)
{
    public override string ToString() => IsRepeatable
        ? $"scenario {Number}: {Difference}\n{Scenario.ToRow(Difference.What)}"
        : $"scenario {Number}, once and not again: {Difference}";
}
