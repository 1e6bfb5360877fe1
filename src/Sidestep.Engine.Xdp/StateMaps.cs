using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The maps of one director, mapped into this process: typed views of what src/bpf/tables.h describes.</summary>
internal sealed class StateMaps : IDisposable
{
    /// <summary>C names of the maps; the first is the .bss section that holds struct tables.</summary>
    internal static readonly string[] Names = [TablesMap, "slots", "counters", "labels"];

    internal const string TablesMap = ".bss";

    private readonly Dictionary<string, BpfMap> _maps;
    private readonly Dictionary<string, MappedMemory> _memory;

    /// <summary>Takes over the maps and maps them.</summary>
    /// <param name="maps">One for each of <see cref="Names"/>; owned from now on.</param>
    /// <param name="writable">False for readers.</param>
    internal StateMaps(Dictionary<string, BpfMap> maps, bool writable)
    {
        _maps = maps;
        _memory = Names.ToDictionary(static n => n, n => maps[n].MapMemory(writable));
        Cpus = (int)maps["counters"].Shape.Entries;
    }

    /// <summary>CPUs that have counters.</summary>
    internal int Cpus { get; }

    /// <summary>The control block.</summary>
    internal ref Control Control => ref _memory[TablesMap].View<Control>(Tables.Control, 1)[0];

    /// <summary>One half of what changes as a whole.</summary>
    internal TableHalf Half(uint number) => new(_memory[TablesMap], Tables.Halves + (long)number * Layout.Half.Size);

    /// <summary>All slots of all tables.</summary>
    internal Span<uint> Slots => _memory["slots"].View<uint>(0, Constants.SlotBlocks * Constants.BlockSlots);

    /// <summary>Counters of one CPU.</summary>
    internal ref CpuCounters Counters(int cpu) =>
        ref _memory["counters"].View<CpuCounters>((long)cpu * Unsafe.SizeOf<CpuCounters>(), 1)[0];

    /// <summary>Labels of services, by id.</summary>
    internal Span<Label> ServiceLabels => _memory["labels"].View<Label>(0, Constants.ServiceCapacity);

    /// <summary>Labels of servers, by id.</summary>
    internal Span<Label> ServerLabels => _memory["labels"].View<Label>(
        (long)Constants.ServiceCapacity * Unsafe.SizeOf<Label>(), Constants.ServerCapacity);

    /// <summary>The map of a C name.</summary>
    internal BpfMap Map(string name) => _maps[name];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var memory in _memory.Values)
            memory.Dispose();
        foreach (var map in _maps.Values)
            map.Dispose();
    }
}
