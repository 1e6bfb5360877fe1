using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The engine in the kernel: loads the XDP program, writes its tables, attaches it, reads its counters.</summary>
/// <remarks>One thread at a time. Disposing closes this process's hold only: what is pinned goes on forwarding.</remarks>
public sealed class XdpEngine : IEngine
{
    /// <summary>Flows that a detached engine remembers: enough for tests.</summary>
    internal const int DetachedFlows = 4096;

    private readonly PinDirectory? _pins;
    private readonly StateMaps _maps;
    private readonly TableWriter _writer;

    /// <summary>Of a detached engine: programs that it has changed from.</summary>
    private readonly Dictionary<FeatureSet, BpfObject> _cache = [];

    private BpfObject _object;
    private FeatureSet _features;
    private FeatureSet _arms;
    private FeatureSet _needs;

    /// <summary>A program of an earlier process may be attached, and may not know what these tables need.</summary>
    private bool _isReplaced;

    private XdpEngine(PinDirectory? pins, BpfObject loaded, FeatureSet features, StateMaps maps, IReadOnlyList<string> notes)
    {
        _pins = pins;
        _object = loaded;
        _features = features;
        _arms = features & FeatureSet.MultiArm;
        _maps = maps;
        Notes = notes;
        _writer = new TableWriter(maps);
        // A process that died right after its flip may have left readers on the other half.
        Kernel.WaitForRunningPrograms();
    }

    /// <summary>What an operator should know of how this engine came up: adopted, mounted, replaced and why.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public EngineCapabilities Capabilities => TableWriter.Capabilities;

    /// <summary>Counts the changes since the tables were made; kept across restarts.</summary>
    public long Revision => (long)_maps.Control.Revision;

    /// <summary>Frames that have to be sent in fragments (struct punted_frame of src/bpf/tables.h).</summary>
    public BpfMap PuntedFrames => _maps.Map(StateMaps.PuntMap);

    /// <summary>The memory behind: for tests.</summary>
    internal StateMaps Maps => _maps;

    /// <summary>Finds what would keep any director from running on this machine: privileges, an old kernel, no libbpf.</summary>
    /// <exception cref="EngineException">Says what to do.</exception>
    public static void CheckMachine() => DirectorObject.CheckMachine();

    /// <summary>Opens a director: adopts its pinned maps when they fit this build, makes new ones otherwise.</summary>
    /// <param name="pinPath">Folder of all directors on a bpffs; one is mounted when there is none.</param>
    /// <param name="name">Name of this director.</param>
    /// <param name="flowTableSize">How many flows can be remembered. Running tables keep their size.</param>
    /// <remarks>What runs goes on as it is until <see cref="Apply"/>.</remarks>
    /// <exception cref="EngineException">Says what stands in the way and what to do.</exception>
    public static XdpEngine Open(string pinPath, string name, int flowTableSize)
    {
        var pins = new PinDirectory(pinPath, name);
        var notes = new List<string>();
        CheckMachine();
        var buckets = FlowTable.BucketsFor(flowTableSize);
        var pinned = Adoption.Open(pins, notes);
        if (pinned is not null && (int)pinned["flows"].Definition.Entries is var running && running != buckets)
        {
            notes.Add($"flowTableSize: the running table of {FlowTable.CapacityOf(running)} flows is kept, because another would forget them; "
                + "stop with onExit: remove, and start again, to change it");
            buckets = running;
        }
        // Everything on, until the first tables say what is needed: the program that is attached may not have it.
        var loaded = DirectorObject.Load(FeatureSet.All, buckets, pinned is null ? null : n => pinned[n]);
        return Build(pins, loaded, FeatureSet.All, pinned, notes);
    }

    /// <summary>Takes away what an earlier run of a director left pinned and attached; nothing happens when there is nothing.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    public static void RemovePinned(string pinPath, string name) => WithErrors("removing what an earlier run left", () =>
    {
        var pins = new PinDirectory(pinPath, name);
        if (Directory.Exists(pins.Path))
        {
            new Attachments(pins).DetachAll();
            pins.Remove();
        }
        return true;
    });

    /// <summary>Loads program and maps without attaching or pinning them: for tests and benchmarks.</summary>
    /// <param name="multiArm">True: servers may be reached by another interface than packets come in by.</param>
    /// <param name="allFeatures">True: with every switch on, whatever the tables need.</param>
    /// <param name="flowTableSize">How many flows can be remembered.</param>
    public static XdpEngine LoadDetached(bool multiArm = false, bool allFeatures = false, int flowTableSize = DetachedFlows)
    {
        var features = allFeatures ? FeatureSet.All & ~FeatureSet.MultiArm : FeatureSet.None;
        if (multiArm)
            features |= FeatureSet.MultiArm;
        var engine = Build(null, DirectorObject.Load(features, FlowTable.BucketsFor(flowTableSize), null), features, null, []);
        engine.KeepsAllFeatures = allFeatures;
        return engine;
    }

    /// <summary>Tables that no packet goes by: for probes, which <see cref="LoadProbeFilter"/> leads by them.</summary>
    /// <exception cref="EngineException">They cannot be made; says what to do.</exception>
    public static XdpEngine MakeTables()
    {
        var engine = Build(null, DirectorObject.LoadTables(FlowTable.BucketsFor(DetachedFlows)), FeatureSet.All, null, []);
        engine.KeepsAllFeatures = true;
        return engine;
    }

    /// <summary>True: nothing is ever switched off.</summary>
    private bool KeepsAllFeatures { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var pins = _pins ?? throw new InvalidOperationException("a detached engine has nothing to attach");
        return WithErrors("attaching", () =>
        {
            _arms = interfaces.Count == 1 ? FeatureSet.None : FeatureSet.MultiArm;
            Load(_needs | _arms);
            using var program = _object.Program("director");
            var attached = new Attachments(pins).Reconcile(program, interfaces);
            foreach (var map in StateMaps.Names)
                pins.PinMap(map, _maps.Map(map));
            return attached;
        });
    }

    /// <inheritdoc/>
    public void Remove()
    {
        if (_pins is not { } pins)
            return;
        WithErrors("detaching", () =>
        {
            new Attachments(pins).DetachAll();
            pins.Remove();
            return true;
        });
    }

    /// <inheritdoc/>
    public void Apply(ForwardingTables tables) => WithErrors("applying", () =>
    {
        var needs = FeatureSets.Needs(tables);
        var missing = needs & ~_features;
        // What forwards while the tables change must know both the former and the new ones.
        if (missing != FeatureSet.None)
            Load(_features | needs);
        if (missing != FeatureSet.None || !_isReplaced)
            ReplaceAttached();
        _writer.Apply(tables);
        _needs = needs;
        if (_isReplaced && !KeepsAllFeatures && _features != (needs | _arms))
        {
            Load(needs | _arms);
            ReplaceAttached();
        }
        _isReplaced = true;
        return true;
    });

    /// <inheritdoc/>
    public RunningGroups? ReadRunning() => WithErrors("reading the running tables", () => RunningTables.Read(_maps).ToGroups(_maps));

    /// <inheritdoc/>
    public FlowCounts ReadFlows() => _writer.CountFlows();

    /// <summary>The number by which the program knows a server; null when it has none.</summary>
    public int? IdOf(GroupKey group, ServerEntry server) => _writer.IdOf(new ServerKey(group, server.Name, server.Address));

    /// <summary>Loads what brings probes to servers, on the maps of this engine.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    public ProbeFilter LoadProbeFilter() => WithErrors("loading the program for probes", () => ProbeFilter.Load(_maps));

    /// <summary>Counts flows anew for least-connections choices. Only needed while some group makes such.</summary>
    public void CountConnections() => _writer.CountConnections();

    /// <summary>True while <see cref="CountConnections"/> is needed now and then.</summary>
    public bool UsesLeastConnections => _writer.UsesLeastConnections;

    /// <inheritdoc/>
    public EngineCounters ReadCounters() => CounterReader.Read(_maps);

    /// <inheritdoc/>
    public TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        using var program = _object.Program("director");
        var output = new byte[frame.Length + 256];
        var run = program.Run(frame, output, ingressInterface: interfaceIndex);
        return new TraceResult((XdpAction)run.ReturnValue, output.AsMemory(0, run.Length));
    }

    /// <summary>The loaded program: for benchmarks, which call it from their own.</summary>
    public BpfProgram Program() => _object.Program("director");

    /// <inheritdoc/>
    public void Dispose()
    {
        _maps.Dispose();
        _object.Dispose();
        foreach (var other in _cache.Values)
            other.Dispose();
    }

    private void Load(FeatureSet features)
    {
        if (features == _features || KeepsAllFeatures)
            return;
        if (!_cache.TryGetValue(features, out var loaded))
            loaded = DirectorObject.Load(features, _maps.FlowBuckets, _maps.Map);
        // Tests change back and forth, and loading takes the verifier a while.
        if (_pins is null)
            _cache.TryAdd(_features, _object);
        else
            _object.Dispose();
        _object = loaded;
        _features = features;
    }

    private void ReplaceAttached()
    {
        if (_pins is not { } pins)
            return;
        using var program = _object.Program("director");
        new Attachments(pins).Replace(program);
    }

    /// <summary>The kernel's refusals as the callers of an engine expect them: the control loop keeps what runs, and goes on.</summary>
    private static T WithErrors<T>(string doing, Func<T> code)
    {
        try
        {
            return code();
        }
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException(string.Create(CultureInfo.InvariantCulture, $"{doing}: {e.Message}"), e);
        }
    }

    private static XdpEngine Build(
        PinDirectory? pins, BpfObject loaded, FeatureSet features, Dictionary<string, BpfMap>? pinned, List<string> notes)
    {
        var maps = new StateMaps(pinned ?? StateMaps.Names.ToDictionary(static n => n, loaded.Map), writable: true);
        if (pinned is null)
            maps.Control.Layout = Constants.LayoutVersion;
        // Maps that nothing pinned yet are attached to by no program: those of another layout go on with their own until Attach.
        return new XdpEngine(pins, loaded, features, maps, notes) { _isReplaced = pinned is null };
    }
}
