using Sidestep.Agent.Host;
using Sidestep.Native;

namespace Sidestep.Agent.Programs;

/// <summary>The agent's two programs, loaded into the kernel, and their maps.</summary>
internal interface IAgentPrograms : IDisposable
{
    AgentMaps Maps { get; }

    /// <summary>Hash of a program's instructions, as <c>bpftool</c> prints it.</summary>
    string Tag(Hook hook);

    /// <summary>True if an attached program has the same instructions and the same maps.</summary>
    bool IsSame(Hook hook, IAttachedProgram attached);

    /// <summary>Attaches a program at <see cref="AttachedFilter.Place"/>.</summary>
    /// <param name="hook">Ingress or egress.</param>
    /// <param name="interfaceIndex">The interface, which has a qdisc.</param>
    /// <param name="replace">True: replace the filter there atomically; false: the place is free.</param>
    void Attach(Hook hook, int interfaceIndex, bool replace);
}

/// <summary>A program that is attached to an interface, by this agent or an earlier one.</summary>
internal interface IAttachedProgram : IDisposable
{
    string Tag { get; }

    /// <summary>Kernel ids of the maps that it uses.</summary>
    IReadOnlyList<uint> MapIds { get; }

    /// <summary>Opens its maps; null: it lacks one of <see cref="AgentMaps.Names"/>, as another version may.</summary>
    AgentMaps? OpenMaps();
}

/// <summary>A program in the kernel, opened by its id: no pinned file is needed, in whatever mount namespace.</summary>
internal sealed class AttachedProgram(BpfProgram program) : IAttachedProgram
{
    public string Tag => program.Tag;

    public IReadOnlyList<uint> MapIds => program.MapIds();

    public AgentMaps? OpenMaps()
    {
        var found = new Dictionary<string, IAgentMap>();
        foreach (var id in program.MapIds())
        {
            var map = BpfMap.OpenById(id);
            if (!AgentMaps.Names.Contains(map.Name) || !found.TryAdd(map.Name, new KernelMap(map)))
                map.Dispose();
        }
        var maps = new AgentMaps(found);
        if (found.Count == AgentMaps.Names.Length)
            return maps;
        maps.Dispose();
        return null;
    }

    public void Dispose() => program.Dispose();
}

/// <summary>Loads the programs so that counters and entries of attached ones survive.</summary>
internal static class ProgramLoader
{
    /// <param name="kernel">The kernel.</param>
    /// <param name="ours">The agent's attached filters; the maps of the first at ingress are reused.</param>
    public static IAgentPrograms LoadSharingMaps(this IHostKernel kernel, IReadOnlyList<AttachedFilter> ours)
    {
        foreach (var attached in ours.Where(static f => f.Hook == Hook.Ingress))
        {
            using var program = kernel.OpenProgram(attached.Filter!.ProgramId);
            using var maps = program.OpenMaps();
            if (maps is not null)
                return kernel.LoadPrograms(maps);
        }
        return kernel.LoadPrograms(null);
    }
}
