using Sidestep.Native;

namespace Sidestep.Agent.Programs;

/// <summary>The two programs of this agent, in the kernel, not attached yet.</summary>
internal sealed class AgentPrograms : IDisposable
{
    private const string Resource = "agent.bpf.o";
    private readonly BpfObject _object;
    private readonly Dictionary<Hook, BpfProgram> _programs;

    private AgentPrograms(BpfObject loaded)
    {
        _object = loaded;
        _programs = AttachedFilter.Hooks.ToDictionary(static h => h, h => loaded.Program(AttachedFilter.ProgramName(h)));
        Maps = AgentMaps.Of(loaded);
    }

    public AgentMaps Maps { get; }

    public string Tag(Hook hook) => _programs[hook].Tag;

    /// <summary>Loads the programs, with the maps of one that is attached if they still fit: entries and counts live on.</summary>
    public static AgentPrograms Load(AgentMaps? existing)
    {
        using var stream = typeof(AgentPrograms).Assembly.GetManifestResourceStream(Resource)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        var opened = BpfObject.Open(image, "sidestep");
        try
        {
            opened.SetMaxEntries(AgentMaps.CountersName, Kernel.PossibleCpus);
            if (existing is not null && AgentMaps.Names.All(n => existing[n].Definition == opened.Definition(n)))
            {
                foreach (var name in AgentMaps.Names)
                    opened.Reuse(name, existing[name]);
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

    /// <summary>Loads the programs on the maps of what is attached already, if something is.</summary>
    public static AgentPrograms LoadSharingMaps(IReadOnlyList<AttachedFilter> ours)
    {
        foreach (var attached in ours.Where(static f => f.Hook == Hook.Ingress))
        {
            using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
            using var maps = AgentMaps.Of(program);
            if (maps is not null)
                return Load(maps);
        }
        return Load(null);
    }

    /// <summary>True when an attached program is this one: the same code on the same maps.</summary>
    public bool IsSame(Hook hook, BpfProgram attached) =>
        attached.Tag == Tag(hook) && attached.MapIds().ToHashSet().SetEquals(_programs[hook].MapIds());

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
}
