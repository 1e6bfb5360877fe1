using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Roles;
using Sidestep.Agent.State;
using Sidestep.Hosting.Supervision;

namespace Sidestep.Agent.Running;

/// <summary>A running agent: puts its parts together, starts them, and stops them in the opposite order.</summary>
internal sealed class AgentService : IDisposable
{
    private readonly Request _request;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IKernelEvents _events;
    private readonly IHostKernel _kernel;
    private readonly IReportSource _reportSource;
    private readonly IReadOnlyList<IAgentRole> _roles;
    private volatile DirectorLink? _link;
    private OperatorSocket? _operatorSocket;
    private SpecWatch? _watch;

    /// <param name="request">The options.</param>
    /// <param name="directors">The directors; null: the spec comes from a file. They are disposed with the
    /// agent.</param>
    /// <param name="platform">The host.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public AgentService(
        Request request, Directors? directors, IHostPlatform platform, TimeProvider time, ILogger log)
    {
        _request = request;
        _time = time;
        _log = log;
        Supervisor = new Supervisor(time, new LoopFailures(time), log.FailedUnexpectedly);
        _events = platform.OpenEvents();
        _kernel = platform.OpenKernel();
        _reportSource = platform.OpenReportSource();
        Shared = new SharedState(time, StoredAdminState.Read(request.StateDirectory));
        _roles = [new RealServerRole(request, _kernel, time, log)];
        var repair = new DriftRepair(time, log);
        var reconciler = new Reconciler(request, _roles, _kernel, Shared, repair, log);
        var reporter = new Reporter(request, _roles, _kernel, reconciler, repair,
            new ReportBuilder(_reportSource, time), Shared, time);
        Loop = new EventLoop(_events, reconciler, reporter, time, log);
        _link = directors is null ? null : new DirectorLink(directors, Shared, Supervisor, time, log);
    }

    /// <summary>What the other threads set and read.</summary>
    public SharedState Shared { get; }

    public EventLoop Loop { get; }

    /// <summary>Runs the loops of the agent.</summary>
    public Supervisor Supervisor { get; }

    /// <summary>Serves the operator, follows the sources of the spec, and lets the loop make its first turn. Then the
    /// spec that is known is applied, or the log says why not. No director is waited for.</summary>
    public void Start()
    {
        Directory.CreateDirectory(_request.StateDirectory);
        var commands = new OperatorCommands(_request.StateDirectory, Shared, s => _link?.Drain(s));
        _operatorSocket = new OperatorSocket(StateStore.SocketPath(_request.StateDirectory), commands.Execute,
            _log.OperatorConnectionFailed);
        _watch = _request.SpecFile is null ? null : new SpecWatch(
            _request.SpecFile, _time, Supervisor, Shared.SetSpec, p => _log.SpecFileInvalid(p.ToLine()));
        _link?.Start();
        Loop.Turn(hasEvents: false);
    }

    /// <summary>Reads the spec file now, changed or not, and compares the host with it again.</summary>
    public void ReadSpecFile() => _watch?.Reload();

    /// <summary>Replaces the directors, and asks the new ones at once. For one thread, while the agent runs.</summary>
    /// <param name="directors">The directors. They are disposed with the agent.</param>
    public void Use(Directors directors)
    {
        var previous = _link;
        var link = new DirectorLink(directors, Shared, Supervisor, _time, _log);
        _link = link;
        previous?.Dispose();
        link.Start();
    }

    /// <summary>Ends the sources of work: spec file, operator, directors. Then closes the kernel's sockets. Attached
    /// programs stay, and so does the configuration of the host.</summary>
    public void Dispose()
    {
        _watch?.Dispose();
        _operatorSocket?.Dispose();
        _link?.Dispose();
        foreach (var role in _roles)
            role.Dispose();
        _events.Dispose();
        _kernel.Dispose();
        _reportSource.Dispose();
    }
}
