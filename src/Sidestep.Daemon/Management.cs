using System.Collections.Immutable;
using System.Reflection;
using Sidestep.Api.Configurations;
using Sidestep.Api.Status;
using Sidestep.Control.Agents;
using Sidestep.Control.ServerOverrides;
using Sidestep.Control.Stores;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Daemon.Api.Rest;
using Sidestep.Daemon.Api.Streams;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Metrics.Otlp;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>The daemon's tasks beside forwarding: the API for agents and the command line, VIP conflict detection, and
/// the doctor. A failure in any of them never stops forwarding.</summary>
internal sealed class Management : IDisposable
{
    private readonly OperationalStateStore _state;
    private readonly DoctorService _doctor;
    private readonly LongRequests _longRequests = new();
    private readonly ApiServer _api;
    private readonly AccessControl _access;
    private readonly OtlpExporter _otlp;
    private readonly VipConflictMonitor? _conflictMonitor;
    private AppliedState? _applied;
    private ImmutableArray<AttachedInterface> _attached = [];

    /// <summary>Starts conflict detection.</summary>
    /// <param name="node">Name and pin path, which give the socket its path.</param>
    /// <param name="stateFolder">The folder of users, tokens and the audit log.</param>
    /// <param name="source">Where the configuration comes from.</param>
    /// <param name="engine">Reads the state of the engine.</param>
    /// <param name="events">The latest events.</param>
    /// <param name="revisions">The latest revisions of the configuration.</param>
    /// <param name="status">Reads the status of the engine and of the daemon; this class adds agents and address
    /// conflicts.</param>
    /// <param name="problems">Receives the present problems after every change; empty: none.</param>
    /// <param name="reportOtlp">Receives the state of the export by OTLP and its problem after every change.</param>
    /// <param name="alarms">Receives one sentence per VIP conflict, after every change.</param>
    /// <param name="supervisor">Runs the loops.</param>
    /// <param name="log">Receives events and problems.</param>
    internal Management(NodeSettings node, string stateFolder, ConfigurationSource source, IEngineState engine,
        EventHistory events, RevisionHistory revisions, Func<DirectorStatus> status,
        Action<IReadOnlyList<string>> problems, Action<OtlpStatus?, string?> reportOtlp,
        Action<ImmutableArray<string>> alarms, Supervisor supervisor, ILogger log)
    {
        _state = new OperationalStateStore(DirectorFiles.OperationalStatePath(node));
        _ = new DrainPersistence(Drains, _state, TimeProvider.System, log.OperationalStateProblem);
        Agents = new AgentRegistry(Drains, Version, TimeProvider.System);
        _doctor = new DoctorService(() => WithLiveInterfaces(Volatile.Read(ref _applied), engine), Agents, () =>
            _conflictMonitor, new DoctorHost());
        IReadOnlyList<string> always = [];
        try
        {
            _conflictMonitor = new VipConflictMonitor(Drains, alarms, supervisor, log);
        }
        catch (NativeException e)
        {
            always = [$"VIP conflict detection is not running: {e.Message}"];
            problems(always);
        }
        DirectorStatus WithAgents() => status() with
        {
            Agents = AgentStatuses.Of(Volatile.Read(ref _applied)?.Configuration, Agents),
            AddressConflicts = [.. _conflictMonitor?.Conflicts ?? []],
            Overrides = OverrideHandlers.Read(Overrides!, Volatile.Read(ref _applied)?.Configuration.Desired),
        };
        RevisionsReport Revisions() => source.Writable is { } store ? StoredRevisions.Of(node.Name, store)
            : revisions.Read(node.Name);
        var local = new LocalHandlers(WithAgents, _doctor.DiagnoseAsync, () => events.Read(node.Name),
            Revisions);
        Overrides = new OverrideStore(DirectorFiles.OverridesPath(node, stateFolder));
        Overlay = new OperationalOverlay(Overrides, Drains);
        var running = new RunningDirectorRequests(node.Name, engine, () => Volatile.Read(ref _applied)?.Tables,
            Overlay.Merge);
        NodeSettings? Settings() => Volatile.Read(ref _applied)?.Configuration.Desired.Node;
        var metrics = new MetricsHandler(WithAgents, () => Settings()?.Metrics?.PerServer ?? true);
        _otlp = new OtlpExporter(() => Settings()?.Otlp, WithAgents, new OtlpResource(node.Name,
            Environment.MachineName, Version), reportOtlp, supervisor, log, TimeProvider.System);
        var changes = new ConfigurationChanges(source, running.Plan, _longRequests, log);
        var view = new ConfigurationView(source);
        var rest = new RestEndpoints(view, changes, source, new OverrideHandlers(Overrides, view, running.Plan,
            () => Propose(), _longRequests, log, TimeProvider.System));
        var stream = new StreamHandler(new StreamSource(
            new RecentStatus(WithAgents, TimeProvider.System).Read, () => events.Read(node.Name), Revisions,
            TimeProvider.System), _longRequests);
        _access = new AccessControl(AccessFiles.Of(node, stateFolder), () => Settings()?.Api, Agents, log,
            TimeProvider.System);
        var endpoints = new ApiEndpoints(Agents, local, new RunningHandlers(running, _longRequests), rest, stream,
            metrics, _access, log);
        _api = new ApiServer(DirectorFiles.SocketPath(node), endpoints, _access, Settings,
            p => problems([.. always, .. p, .. new[] { Overrides.Problem }.OfType<string>()]), supervisor, log,
            TimeProvider.System);
    }

    /// <summary>Version of this program, such as <c>1.2.0</c>, without the commit.</summary>
    internal static string Version { get; } = Assembly.GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>The newest report of every agent.</summary>
    internal AgentRegistry Agents { get; }

    /// <summary>Servers that drain in addition to those that the configuration drains.</summary>
    internal DrainOverlay Drains { get; } = new();

    /// <summary>The overrides of real servers.</summary>
    internal OverrideStore Overrides { get; }

    /// <summary>Lays the operational state over a configuration.</summary>
    internal OperationalOverlay Overlay { get; }

    /// <summary>Proposes the newest configuration with the present operational state; set before the API
    /// starts.</summary>
    internal Func<Task<bool>> Propose { get; set; } = static () => Task.FromResult(false);

    /// <summary>Deletes what is kept over restarts.</summary>
    internal void ForgetDrains() => _state.Delete();

    /// <summary>Takes over a state that has come into force.</summary>
    internal void Applied(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops)
    {
        Volatile.Write(ref _applied, new AppliedState(configuration, tables, nextHops, _attached));
        Agents.Applied(configuration, nextHops);
        _conflictMonitor?.Update(configuration, tables, nextHops);
    }

    /// <summary>Takes over the attached interfaces.</summary>
    internal void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        _attached = [.. interfaces];
        if (Volatile.Read(ref _applied) is { } now)
            Volatile.Write(ref _applied, now with { Interfaces = _attached });
    }

    /// <summary>The state in force with the interfaces as they are attached now.</summary>
    private static AppliedState? WithLiveInterfaces(AppliedState? applied, IEngineState engine)
    {
        if (applied is null)
            return null;
        try
        {
            return applied with
            {
                Interfaces = [.. engine.ReadAttached().Select(live => live with
                {
                    FallbackReason = applied.Interfaces.FirstOrDefault(a => a.Name == live.Name)?.FallbackReason,
                })],
            };
        }
        catch (EngineException)
        {
            return applied; // The state at the last attachment is better than no diagnosis.
        }
    }

    /// <summary>Runs the API until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        // Streams first: the API does not close before its requests have ended.
        using var stop = cancellation.Register(_longRequests.Stop);
        await _api.RunAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Exports metrics until cancelled.</summary>
    internal Task ExportMetricsAsync(CancellationToken cancellation) => _otlp.RunAsync(cancellation);

    public void Dispose()
    {
        _otlp.Dispose();
        _conflictMonitor?.Dispose();
        _doctor.Dispose();
        _access.Dispose();
        // The engine is disposed next.
        _longRequests.Dispose();
    }
}
