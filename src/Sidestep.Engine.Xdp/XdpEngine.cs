using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The engine in the kernel: loads the XDP program, writes its tables, attaches it and reads its
/// counters.</summary>
/// <remarks>One thread at a time. Disposing releases only the resources of this process: pinned programs keep
/// forwarding.</remarks>
public sealed class XdpEngine : IEngine
{
    /// <summary>Flow table size of a detached engine: enough for tests.</summary>
    internal const int DetachedFlows = 4096;

    private readonly PinDirectory? _pins;
    private readonly StateMaps _maps;
    private readonly TableWriter _writer;
    private readonly ProgramSource _programs;

    private BpfObject _object;
    private FeatureSet _features;
    private FeatureSet _arms;
    private FeatureSet _needs;
    private string[] _requested = [];

    /// <summary>False while a program of an earlier process may be attached, which may lack features that these tables
    /// need.</summary>
    private bool _isReplaced;

    private XdpEngine(
        PinDirectory? pins, ProgramSource programs, BpfObject loaded, FeatureSet features, StateMaps maps,
        IReadOnlyList<string> notes)
    {
        _programs = programs;
        _pins = pins;
        _object = loaded;
        _features = features;
        _arms = features & FeatureSet.MultiArm;
        _maps = maps;
        Notes = notes;
        _writer = new TableWriter(maps);
        // A process that died right after its flip may have left readers of the other bank.
        Kernel.WaitForRunningPrograms();
    }

    /// <summary>Notes for the operator on how this engine started: adopted, mounted, replaced, and why.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The size limits of the maps.</summary>
    public static EngineCapabilities Capabilities => TableWriter.Capabilities;

    /// <summary>Number of changes since the tables were created; survives restarts.</summary>
    public long Revision => (long)_maps.Control.Revision;

    /// <summary>Frames that user space has to send in fragments (struct punted_frame of src/bpf/tables.h).</summary>
    public BpfMap PuntedFrames => _maps.Map(StateMaps.PuntMap);

    /// <summary>The engine's maps in the kernel.</summary>
    internal StateMaps Maps => _maps;

    /// <summary>Checks the prerequisites of every director on this machine: privileges, kernel version,
    /// libbpf.</summary>
    /// <exception cref="EngineException">A prerequisite is missing; the message says what to do.</exception>
    public static void CheckMachine() => DirectorObject.CheckMachine();

    /// <summary>Opens a director: adopts its pinned maps when this build can use them, and creates new ones
    /// otherwise.</summary>
    /// <param name="pinPath">Folder of all directors on a bpffs; a bpffs is mounted when there is none.</param>
    /// <param name="name">Name of this director.</param>
    /// <param name="flowTableSize">Capacity of the flow table. Running tables keep their size.</param>
    /// <remarks>An attached program keeps forwarding unchanged until <see cref="Apply"/>.</remarks>
    /// <exception cref="EngineException">A prerequisite is missing or the kernel rejected an operation; the message
    /// says what to do.</exception>
    public static XdpEngine Open(string pinPath, string name, int flowTableSize)
    {
        var pins = new PinDirectory(pinPath, name);
        var notes = new List<string>();
        CheckMachine();
        var buckets = FlowTable.BucketsFor(flowTableSize);
        var pinned = Adoption.Open(pins, notes);
        if (pinned is not null && (int)pinned["flows"].Definition.Entries is var running && running != buckets)
        {
            notes.Add(
                $"flowTableSize: the running table of {FlowTable.CapacityOf(running)} flows stays in use, because a "
                + "new one would lose its flows; stop with onExit: remove and start again to change the size");
            buckets = running;
        }
        // All features until the first tables show which are needed: the attached program may lack some of them.
        var loaded = DirectorObject.Load(FeatureSet.All, buckets, pinned is null ? null : n => pinned[n]);
        return Build(pins, new ProgramSource(), loaded, FeatureSet.All, pinned, notes);
    }

    /// <summary>Detaches and unpins what an earlier run of a director left, if anything.</summary>
    /// <exception cref="EngineException">The kernel rejected an operation.</exception>
    public static void RemovePinned(string pinPath, string name) =>
        WithErrors("removing the pins of an earlier run", () =>
        {
            var pins = new PinDirectory(pinPath, name);
            if (Directory.Exists(pins.Path))
            {
                new Attachments(pins).DetachAll();
                pins.Remove();
            }
            return true;
        });

    /// <summary>The interfaces that a director is attached to, as the kernel has them now; without the reasons for a
    /// slower driver.</summary>
    /// <exception cref="EngineException">The kernel rejected an operation.</exception>
    public static IReadOnlyList<AttachedInterface> ReadAttached(string pinPath, string name) =>
        WithErrors("reading the attached interfaces", () => new Attachments(new PinDirectory(pinPath, name)).Current());

    /// <summary>Loads the program and maps without attaching or pinning them, to run single frames.</summary>
    /// <param name="multiArm">True: servers may be reached through another interface than the ingress
    /// interface.</param>
    /// <param name="allFeatures">True: all features are on, whatever the tables need.</param>
    /// <param name="flowTableSize">Capacity of the flow table.</param>
    public static XdpEngine LoadDetached(
        bool multiArm = false, bool allFeatures = false, int flowTableSize = DetachedFlows) =>
        LoadDetached(new ProgramSource(), multiArm, allFeatures, flowTableSize);

    /// <summary>The same with another source of programs, which the engine disposes.</summary>
    internal static XdpEngine LoadDetached(
        ProgramSource programs, bool multiArm, bool allFeatures, int flowTableSize = DetachedFlows)
    {
        var features = allFeatures ? FeatureSet.All & ~FeatureSet.MultiArm : FeatureSet.None;
        if (multiArm)
            features |= FeatureSet.MultiArm;
        var loaded = DirectorObject.Load(features, FlowTable.BucketsFor(flowTableSize), null);
        var engine = Build(null, programs, loaded, features, null, []);
        engine.KeepsAllFeatures = allFeatures;
        return engine;
    }

    /// <summary>Creates tables that no packet uses, for the probes of <see cref="LoadProbeFilter"/>.</summary>
    /// <exception cref="EngineException">The tables cannot be created; the message says what to do.</exception>
    public static XdpEngine MakeTables()
    {
        var loaded = DirectorObject.LoadTables(FlowTable.BucketsFor(DetachedFlows));
        var engine = Build(null, new ProgramSource(), loaded, FeatureSet.All, null, []);
        engine.KeepsAllFeatures = true;
        return engine;
    }

    /// <summary>True: features are never switched off.</summary>
    private bool KeepsAllFeatures { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var pins = _pins ?? throw new InvalidOperationException("a detached engine has nothing to attach");
        return WithErrors("attaching", () =>
        {
            _arms = interfaces.Count == 1 ? FeatureSet.None : FeatureSet.MultiArm;
            Load(_needs | _arms);
            Volatile.Write(ref _requested, [.. interfaces.Select(static i => i.Name)]);
            using var program = _object.Program("director");
            var attached = new Attachments(pins).Reconcile(program, interfaces);
            foreach (var map in StateMaps.Names)
                pins.PinMap(map, _maps.Map(map));
            return attached;
        });
    }

    /// <inheritdoc/>
    public bool IsAttached => _pins is not { } pins || WithErrors("reading the attached interfaces",
        () => new Attachments(pins).AreComplete(Volatile.Read(ref _requested)));

    /// <inheritdoc/>
    public void Remove()
    {
        if (_pins is not { } pins)
            return;
        Volatile.Write(ref _requested, []);
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
        // The program that forwards during the change must support both the previous and the new tables.
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
    public RunningGroups? ReadRunning() =>
        WithErrors("reading the running tables", () => RunningTables.Read(_maps).ToGroups(_maps));

    /// <inheritdoc/>
    public FlowCounts ReadFlows() => _writer.CountFlows();

    /// <summary>Id of a server in the tables; null when it has none.</summary>
    public int? IdOf(GroupKey group, ServerEntry server) =>
        _writer.IdOf(new ServerKey(group, server.Name, server.VrfAddress));

    /// <summary>Loads the program that sends probes to servers, on the maps of this engine.</summary>
    /// <exception cref="EngineException">The kernel rejected an operation.</exception>
    public ProbeFilter LoadProbeFilter() => WithErrors("loading the program for probes", () => ProbeFilter.Load(_maps));

    /// <summary>Recounts the connections of servers. Only needed while a service uses a least-connections
    /// algorithm.</summary>
    public void CountConnections() => _writer.CountConnections();

    /// <summary>True while <see cref="CountConnections"/> must be called from time to time.</summary>
    public bool UsesLeastConnections => _writer.UsesLeastConnections;

    /// <inheritdoc/>
    public EngineCounters ReadCounters() => CounterReader.Read(_maps);

    /// <summary>The loaded program, for benchmarks that call it from their own; the caller disposes it.</summary>
    public BpfProgram Program() => _object.Program("director");

    /// <inheritdoc/>
    public void Dispose()
    {
        _maps.Dispose();
        _object.Dispose();
        _programs.Dispose();
    }

    private void Load(FeatureSet features)
    {
        if (features == _features || KeepsAllFeatures)
            return;
        var loaded = _programs.Load(features, _maps);
        _programs.Release(_features, _object);
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

    /// <summary>Turns errors of the kernel into the exception that callers of an engine expect: the control loop keeps
    /// the running tables and continues.</summary>
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
        PinDirectory? pins, ProgramSource programs, BpfObject loaded, FeatureSet features,
        Dictionary<string, BpfMap>? pinned, List<string> notes)
    {
        var maps = new StateMaps(pinned ?? StateMaps.Names.ToDictionary(static n => n, loaded.Map), writable: true);
        if (pinned is null)
            maps.Control.Layout = Constants.LayoutVersion;
        // No program uses maps that are not pinned yet: programs with another layout keep their own maps until Attach.
        return new XdpEngine(pins, programs, loaded, features, maps, notes) { _isReplaced = pinned is null };
    }
}
