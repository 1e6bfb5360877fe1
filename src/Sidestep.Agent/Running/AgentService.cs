using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Roles;
using Sidestep.Agent.State;

namespace Sidestep.Agent.Running;

/// <summary>A running agent: puts its parts together, starts them, and stops them in the opposite order.</summary>
internal sealed class AgentService : IDisposable
{
    private readonly Request _request;
    private readonly TimeProvider _time;
    private readonly AgentLog _log;
    private readonly IKernelEvents _events;
    private readonly IHostKernel _kernel;
    private readonly IReportSource _reportSource;
    private readonly IReadOnlyList<IAgentRole> _roles;
    private readonly DirectorLink? _link;

    /// <param name="request">The options.</param>
    /// <param name="directors">The directors; null: the spec comes from a file. They are disposed with the
    /// agent.</param>
    /// <param name="platform">The host.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public AgentService(
        Request request, Directors? directors, IHostPlatform platform, TimeProvider time, AgentLog log)
    {
        _request = request;
        _time = time;
        _log = log;
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
        _link = directors is null ? null : new DirectorLink(directors, Shared, time, log);
    }

    /// <summary>What the other threads set and read.</summary>
    public SharedState Shared { get; }

    public EventLoop Loop { get; }

    /// <summary>Serves the operator, follows the sources of the spec, and turns the loop until the token is
    /// cancelled.</summary>
    /// <param name="stop">Ends the loop. The host keeps its configuration.</param>
    public void Run(CancellationToken stop)
    {
        Directory.CreateDirectory(_request.StateDirectory);
        Action<string> sendAdminState = _link is { } link ? link.Drain : static _ => { };
        var commands = new OperatorCommands(_request.StateDirectory, Shared, sendAdminState);
        using var operatorSocket = new OperatorSocket(StateStore.SocketPath(_request.StateDirectory),
            commands.Execute, t => _log.Write(AgentEvent.OperatorConnectionFailed, t));
        using var watch = _request.SpecFile is null ? null : new SpecWatch(
            _request.SpecFile, _time, Shared.SetSpec, t => _log.Write(AgentEvent.SpecFileInvalid, t));
        _link?.Start();
        Loop.Run(stop);
    }

    /// <summary>Ends the exchange with directors, then closes the kernel's sockets. Attached programs stay.</summary>
    public void Dispose()
    {
        _link?.Dispose();
        foreach (var role in _roles)
            role.Dispose();
        _events.Dispose();
        _kernel.Dispose();
        _reportSource.Dispose();
    }
}
