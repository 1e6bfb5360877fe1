using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The maps of one director, mapped into this process: typed views of the structures of
/// src/bpf/tables.h.</summary>
internal sealed class StateMaps : IDisposable
{
    /// <summary>C names of the maps that are arrays in memory. The first is the .bss section, which holds struct
    /// tables. The names halves6 and loads predate the terms bank and connection count, and stay because daemons find
    /// the pinned maps by them.</summary>
    private static readonly string[] Arrays =
    [
        TablesMap, "halves6", "details", "servers", "slots", "flows", "flow_keys", "loads", "fragments", "counters",
        "labels", "capturing",
    ];

    /// <summary>C names of all maps that outlive a process. The name slow predates the term punt.</summary>
    internal static readonly string[] Names = [.. Arrays, PrefixesMap, PuntMap, CapturedMap];

    internal const string TablesMap = ".bss";
    internal const string PrefixesMap = "prefixes";
    internal const string PuntMap = "slow";
    internal const string CapturedMap = "captured";

    private readonly Dictionary<string, BpfMap> _maps;
    private readonly Dictionary<string, MappedMemory> _memory;

    /// <summary>Takes ownership of the maps and maps them into memory.</summary>
    /// <param name="maps">One map for each of <see cref="Names"/>.</param>
    /// <param name="writable">False for readers.</param>
    internal StateMaps(Dictionary<string, BpfMap> maps, bool writable)
    {
        _maps = maps;
        _memory = Arrays.ToDictionary(static n => n, n => maps[n].MapMemory(writable));
        Cpus = (int)maps["counters"].Definition.Entries;
        FlowBuckets = (int)maps["flows"].Definition.Entries;
    }

    /// <summary>Number of CPUs that have counters.</summary>
    internal int Cpus { get; }

    /// <summary>Number of buckets of the flow table.</summary>
    internal int FlowBuckets { get; }

    /// <summary>The control block: number of the active bank, revision, and the end of the capture lease.</summary>
    internal ref Control Control => ref _memory[TablesMap].View<Control>(Tables.Control, 1)[0];

    /// <summary>The active bank, which packets read.</summary>
    internal TableBank Active => Bank(Control.Active & 1);

    /// <summary>The bank with this number, 0 or 1.</summary>
    internal TableBank Bank(uint number) => new(this, number);

    /// <summary>The slots of one table. A table lies wholly inline, where packets read it without a lookup, or wholly
    /// in the map.</summary>
    internal Span<uint> SlotsOf(SlotRange range) => range.FirstBlock < Constants.InlineBlocks
        ? _memory[TablesMap].View<uint>(Tables.Slots + (long)range.First * sizeof(uint), range.Count)
        : _memory["slots"].View<uint>((long)range.First * sizeof(uint), range.Count);

    /// <summary>Entries of the flow table, bucket by bucket.</summary>
    internal Span<Flow> Flows => View<Flow>("flows", FlowBuckets * Constants.FlowBucketEntries);

    /// <summary>Keys of the flows, in the same order.</summary>
    internal Span<FlowKey> FlowKeys => View<FlowKey>("flow_keys", FlowBuckets * Constants.FlowBucketEntries);

    /// <summary>Connection counts of servers by id, for the least-connections algorithms. Elements of an array map lie
    /// 8 bytes apart.</summary>
    internal Span<ulong> ConnectionCounts => View<ulong>("loads", Constants.ServerCapacity);

    /// <summary>The counters that the program keeps on one CPU.</summary>
    internal ref CpuCounters Counters(int cpu) =>
        ref Memory("counters").View<CpuCounters>((long)cpu * Unsafe.SizeOf<CpuCounters>(), 1)[0];

    /// <summary>The filter of the running capture, which the program reads.</summary>
    internal ref Layout.CaptureFilter Capturing => ref View<Layout.CaptureFilter>("capturing", 1)[0];

    /// <summary>Labels of services, by id.</summary>
    internal Span<Label> ServiceLabels => Memory("labels").View<Label>(0, Constants.ServiceCapacity);

    /// <summary>Labels of servers, by id.</summary>
    internal Span<Label> ServerLabels => Memory("labels").View<Label>(
        (long)Constants.ServiceCapacity * Unsafe.SizeOf<Label>(), Constants.ServerCapacity);

    /// <summary>The memory of an array map.</summary>
    internal MappedMemory Memory(string name) => _memory[name];

    /// <summary>The map with this name in src/bpf/director.bpf.c.</summary>
    internal BpfMap Map(string name) => _maps[name];

    private Span<T> View<T>(string name, int count) where T : unmanaged => Memory(name).View<T>(0, count);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var memory in _memory.Values)
            memory.Dispose();
        foreach (var map in _maps.Values)
            map.Dispose();
    }
}
