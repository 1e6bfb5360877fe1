using Sidestep.Native;

namespace Sidestep.Agent.Programs;

/// <summary>The two programs of this version of the agent, in the kernel.</summary>
internal sealed class AgentPrograms : IAgentPrograms
{
    private const string Resource = "agent.bpf.o";
    private readonly BpfObject _object;
    private readonly Dictionary<Hook, BpfProgram> _programs;

    private AgentPrograms(BpfObject loaded)
    {
        _object = loaded;
        _programs = AttachedFilter.Hooks.ToDictionary(
            static h => h, h => loaded.Program(AttachedFilter.ProgramName(h)));
        Maps = new AgentMaps(AgentMaps.Names.ToDictionary(static n => n, n => (IAgentMap)new KernelMap(loaded.Map(n))));
    }

    public AgentMaps Maps { get; }

    /// <summary>Loads the agent's BPF programs into the kernel; it attaches none.</summary>
    /// <param name="existing">The maps of attached programs. They are reused, with entries and counters, if this
    /// version defines them identically. Null: new maps.</param>
    public static AgentPrograms Load(AgentMaps? existing)
    {
        using var stream = typeof(AgentPrograms).Assembly.GetManifestResourceStream(Resource)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        var opened = BpfObject.Open(image, "sidestep");
        try
        {
            opened.SetMaxEntries(AgentMaps.CountersName, Kernel.PossibleCpus);
            if (existing is not null
                && AgentMaps.Names.All(n => MapOf(existing, n).Definition == opened.Definition(n)))
            {
                foreach (var name in AgentMaps.Names)
                    opened.Reuse(name, MapOf(existing, name));
            }
            opened.Load();
            return new AgentPrograms(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public string Tag(Hook hook) => _programs[hook].Tag;

    public bool IsSame(Hook hook, IAttachedProgram attached) =>
        attached.Tag == Tag(hook) && attached.MapIds.ToHashSet().SetEquals(_programs[hook].MapIds());

    public void Attach(Hook hook, int interfaceIndex, bool replace)
    {
        if (hook == Hook.Ingress)
            TcIngress.Attach(interfaceIndex, _programs[hook], AttachedFilter.Place, replace);
        else
            TcEgress.Attach(interfaceIndex, _programs[hook], AttachedFilter.Place, replace);
    }

    public void Dispose()
    {
        Maps.Dispose();
        foreach (var program in _programs.Values)
            program.Dispose();
        _object.Dispose();
    }

    private static BpfMap MapOf(AgentMaps maps, string name) => ((KernelMap)maps[name]).Map;
}
