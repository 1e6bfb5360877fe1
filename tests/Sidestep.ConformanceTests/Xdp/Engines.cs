using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Native;
using Sidestep.Testing;

[assembly: AssemblyFixture(typeof(Sidestep.ConformanceTests.Xdp.Engines))]

namespace Sidestep.ConformanceTests.Xdp;

/// <summary>The engines that the case table judges. Loading one needs root and BPF; without them every test that uses
/// it fails with the reason, because a table that did not run proves nothing.</summary>
public sealed class Engines : IDisposable
{
    /// <summary>The program as a director with one interface loads it: with the features that its tables
    /// need.</summary>
    public const string OneArm = "xdp, one arm";

    /// <summary>The program as a director with several interfaces loads it: with the features that its tables
    /// need.</summary>
    public const string MultiArm = "xdp, multi-arm";

    /// <summary>The program with all features, whatever the tables need.</summary>
    public const string AllFeatures = "xdp, multi-arm, all features";

    /// <summary>The same while every frame is captured, which takes the full path.</summary>
    public const string Captured = "xdp, multi-arm, all features, captured";

    /// <summary>The pipeline in C#: another implementation, so that each judges the other.</summary>
    public const string Managed = "managed";

    /// <summary>All engines.</summary>
    public static IReadOnlyList<string> All { get; } = [OneArm, MultiArm, AllFeatures, Captured, Managed];

    /// <summary>The instance that tests get, for code outside a test class.</summary>
    public static Engines Current => TestContext.Current.GetFixture<Engines>().AsTask().GetAwaiter().GetResult()!;

    private readonly Dictionary<string, XdpEngine> _loaded = [];
    private readonly ManagedEngine _managed = new(XdpEngine.DetachedFlows);

    /// <summary>An engine that all tests share, loaded at first use. State that one test leaves must not matter to
    /// another; otherwise use <see cref="WithCleanState"/>.</summary>
    public IEngine this[string name] => name == Managed ? _managed : Loaded(name);

    /// <summary>The same engine after <see cref="ClearState"/>. Loading a new one would take seconds.</summary>
    public IEngine WithCleanState(string name)
    {
        if (name == Managed)
        {
            _managed.ClearState();
            return _managed;
        }
        var engine = Loaded(name);
        ClearState(engine);
        return engine;
    }

    /// <summary>Clears all flows, fragments, round-robin cursors and rate limits, and discards punted frames.</summary>
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
        var engine = XdpEngine.LoadDetached(
            new CachedPrograms(), multiArm: name != OneArm, allFeatures: name is AllFeatures or Captured);
        if (name == Captured)
            Capture(engine.Maps);
        return engine;
    }

    /// <summary>Captures for a day without a reader: a full ring must not change the results either.</summary>
    private static void Capture(StateMaps maps)
    {
        const int Day = 24 * 60 * 60;
        maps.Capturing = FilterWriter.Of(CaptureFilter.Everything, new CaptureLimits { Rate = 0 },
            RunningTables.Read(maps)) with
        { Verdicts = ulong.MaxValue };
        maps.Control.Capture = Ticks.Now + Ticks.Of(Day);
    }

    /// <summary>The engine of that name, loaded at first use.</summary>
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
