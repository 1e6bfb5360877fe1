using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Native;

[assembly: AssemblyFixture(typeof(Sidestep.ConformanceTests.Xdp.Engines))]

namespace Sidestep.ConformanceTests.Xdp;

/// <summary>The engines that the case table judges. Loading one needs root and BPF; without them every test that uses it
/// fails with the reason, because a table that nobody ran proves nothing.</summary>
public sealed class Engines : IDisposable
{
    /// <summary>The program as a director with one interface loads it: with what its tables need.</summary>
    public const string OneArm = "xdp, one arm";

    /// <summary>The program as a director with several interfaces loads it: with what its tables need.</summary>
    public const string MultiArm = "xdp, multi-arm";

    /// <summary>The program with everything that it can do, whatever the tables need.</summary>
    public const string AllFeatures = "xdp, multi-arm, all features";

    /// <summary>The same while every frame is captured: what is looked at takes another way through the program.</summary>
    public const string Captured = "xdp, multi-arm, all features, captured";

    /// <summary>The pipeline in C#: another implementation, so that one is judged by the other.</summary>
    public const string Managed = "managed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [OneArm, MultiArm, AllFeatures, Captured, Managed];

    /// <summary>Those that tests get, for what is no test class.</summary>
    public static Engines Current => TestContext.Current.GetFixture<Engines>().AsTask().GetAwaiter().GetResult()!;

    private readonly Dictionary<string, XdpEngine> _loaded = [];
    private readonly ManagedEngine _managed = new(XdpEngine.DetachedFlows);

    /// <summary>One that all tests use in turns, loaded at first use. What it remembers of one test must not matter to
    /// another, or <see cref="WithCleanState"/> is for it.</summary>
    public IEngine this[string name] => name == Managed ? _managed : Loaded(name);

    /// <summary>The same after it has forgotten all flows, fragments, turns and answers, and nothing waits for the slow path.
    /// A new one takes seconds to load.</summary>
    public IEngine WithCleanState(string name)
    {
        if (name == Managed)
        {
            _managed.Clear();
            return _managed;
        }
        var engine = Loaded(name);
        ClearState(engine);
        return engine;
    }

    /// <summary>It forgets all flows, fragments, turns and answers, and nothing waits for the slow path.</summary>
    internal static void ClearState(XdpEngine engine)
    {
        var maps = engine.Maps;
        maps.Flows.Clear();
        maps.FlowKeys.Clear();
        maps.ConnectionCounts.Clear();
        maps.Memory("fragments").View<byte>(0, (int)maps.Memory("fragments").Length).Clear();
        for (var cpu = 0; cpu < maps.Cpus; cpu++)
        {
            ref var counters = ref maps.Counters(cpu);
            counters.RrCursors = default;
            (counters.IcmpTick, counters.IcmpTokens) = (0, 0);
        }
        using var punts = BpfRingBuffer.Open(maps.Map(StateMaps.PuntMap));
        punts.Poll(TimeSpan.Zero, static _ => { });
    }

    private static XdpEngine New(string name)
    {
        var engine = XdpEngine.LoadDetached(multiArm: name != OneArm, allFeatures: name is AllFeatures or Captured);
        if (name == Captured)
            Capture(engine.Maps);
        return engine;
    }

    /// <summary>For a day, and nobody reads: a ring that is full must not change what happens to frames either.</summary>
    private static void Capture(StateMaps maps)
    {
        const int Day = 24 * 60 * 60;
        maps.Capturing = FilterWriter.Of(CaptureFilter.Everything, new CaptureLimits { Rate = 0 }, RunningTables.Read(maps)) with { Verdicts = ulong.MaxValue };
        maps.Control.Capture = Ticks.Now + Ticks.Of(Day);
    }

    /// <summary>The program of that name, loaded at first use.</summary>
    internal XdpEngine Loaded(string name)
    {
        if (!_loaded.TryGetValue(name, out var engine))
            _loaded.Add(name, engine = New(name));
        return engine;
    }

    public void Dispose()
    {
        foreach (var engine in _loaded.Values)
            engine.Dispose();
        _managed.Dispose();
    }
}
