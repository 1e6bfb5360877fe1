using System.Collections.Immutable;
using System.Reflection;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>What the daemon does beside forwarding: speaks with agents and the command line, watches VIPs, diagnoses. Nothing here
/// stops a packet.</summary>
internal sealed class Management : IDisposable
{
    private readonly AgentRegistry _agents;
    private readonly DoctorService _doctor;
    private readonly ApiServer _api;
    private readonly VipConflictMonitor? _conflictMonitor;
    private AppliedState? _applied;
    private ImmutableArray<AttachedInterface> _attached = [];

    /// <param name="director">Its name and pin path name the socket.</param>
    /// <param name="handleRequest">Answers what only the engine knows; null: nothing that it answers.</param>
    /// <param name="problems">Gets what does not work, empty when all does.</param>
    /// <param name="alarms">Gets who else answers for VIPs.</param>
    internal Management(DirectorSettings director, Func<string, ReadOnlyMemory<byte>, byte[]?> handleRequest, Action<IReadOnlyList<string>> problems, Action<ImmutableArray<string>> alarms)
    {
        _agents = new AgentRegistry(Drains, Version, TimeProvider.System);
        _doctor = new DoctorService(() => Volatile.Read(ref _applied), _agents, () => _conflictMonitor);
        IReadOnlyList<string> always = [];
        try
        {
            _conflictMonitor = new VipConflictMonitor(Drains, alarms);
        }
        catch (NativeException e)
        {
            always = [$"VIP conflict detection is not running: {e.Message}"];
            problems(always);
        }
        _api = new ApiServer(DaemonReport.SocketPath(director), new ApiHandler(_agents, State, _doctor.DiagnoseAsync, handleRequest),
            () => Volatile.Read(ref _applied)?.Configuration.Desired.Director.Api, p => problems([.. always, .. p]));
    }

    /// <summary>Of this program.</summary>
    internal static string Version { get; } = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>What agents say.</summary>
    internal AgentRegistry Agents => _agents;

    /// <summary>Servers that drain beside those that the configuration says.</summary>
    internal DrainOverlay Drains { get; } = new();

    /// <summary>Packets are forwarded by these from now on.</summary>
    internal void Applied(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops)
    {
        Volatile.Write(ref _applied, new AppliedState(configuration, tables, nextHops, _attached));
        _agents.Applied(configuration, nextHops);
        _conflictMonitor?.Update(configuration, tables, nextHops);
    }

    /// <summary>Packets are taken from these from now on.</summary>
    internal void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        _attached = [.. interfaces];
        if (Volatile.Read(ref _applied) is { } now)
            Volatile.Write(ref _applied, now with { Interfaces = _attached });
    }

    /// <summary>Until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) => _api.RunAsync(cancellation);

    public void Dispose()
    {
        _conflictMonitor?.Dispose();
        _doctor.Dispose();
    }

    private DirectorState State()
    {
        var configuration = Volatile.Read(ref _applied)?.Configuration;
        return new DirectorState
        {
            Director = configuration?.Desired.Director.Name ?? "",
            Version = Version,
            Agents =
            [
                .. (configuration?.Pools ?? []).SelectMany(static p => p.Servers).DistinctBy(static s => s.Name).Select(s => _agents.Find(s) is { } last
                    ? new AgentState(s.Name, last.At, last.Report.IsHealthy, last.Report.AdminState,
                        [.. last.Report.Conditions.Where(static c => c.Status == ConditionStatus.Wrong).Select(static c => $"{c.Name} {c.Subject}: {c.Found}, wanted {c.Expected}")])
                    : new AgentState(s.Name, null, false, AdminStates.Enabled, [])),
            ],
            Conflicts = _conflictMonitor?.Conflicts ?? [],
        };
    }
}
