using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;

[assembly: AssemblyFixture(typeof(Sidestep.ConformanceTests.Xdp.Engines))]

namespace Sidestep.ConformanceTests.Xdp;

/// <summary>The engines that the case table judges. Loading one needs root and BPF; without them every test that uses it
/// fails with the reason, because a table that nobody ran proves nothing.</summary>
public sealed class Engines : IDisposable
{
    /// <summary>The program as a director with one interface loads it.</summary>
    public const string OneArm = "xdp, one arm";

    /// <summary>The program as a director with several interfaces loads it.</summary>
    public const string SeveralArms = "xdp, several arms";

    private readonly Dictionary<string, IEngine> _loaded = [];

    /// <summary>Loads at first use.</summary>
    public IEngine this[string name]
    {
        get
        {
            if (!_loaded.TryGetValue(name, out var engine))
                _loaded.Add(name, engine = XdpEngine.LoadDetached(oneArm: name == OneArm));
            return engine;
        }
    }

    public void Dispose()
    {
        foreach (var engine in _loaded.Values)
            engine.Dispose();
    }
}
