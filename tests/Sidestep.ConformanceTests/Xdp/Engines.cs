using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;

[assembly: AssemblyFixture(typeof(Sidestep.ConformanceTests.Xdp.Engines))]

namespace Sidestep.ConformanceTests.Xdp;

/// <summary>The engines that the case table judges. Loading one needs root and BPF; without them every test that uses it
/// fails with the reason, because a table that nobody ran proves nothing.</summary>
public sealed class Engines : IDisposable
{
    /// <summary>The program as a director with one interface loads it: with what its tables need.</summary>
    public const string OneArm = "xdp, one arm";

    /// <summary>The program as a director with several interfaces loads it: with what its tables need.</summary>
    public const string SeveralArms = "xdp, several arms";

    /// <summary>The program with everything that it can do, whatever the tables need.</summary>
    public const string Everything = "xdp, several arms, everything on";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [OneArm, SeveralArms, Everything];

    private readonly Dictionary<string, IEngine> _loaded = [];

    /// <summary>One that all tests use in turns, loaded at first use. What it remembers of one test must not matter to
    /// another.</summary>
    public IEngine this[string name]
    {
        get
        {
            if (!_loaded.TryGetValue(name, out var engine))
                _loaded.Add(name, engine = Load(name));
            return engine;
        }
    }

    /// <summary>One that remembers nothing; the caller disposes of it.</summary>
    public static IEngine Load(string name) => XdpEngine.LoadDetached(several: name != OneArm, all: name == Everything);

    public void Dispose()
    {
        foreach (var engine in _loaded.Values)
            engine.Dispose();
    }
}
