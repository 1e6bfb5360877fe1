using Sidestep.Api;
using Sidestep.Hosting.Systemd;

namespace Sidestep.Agent.Running;

/// <summary>Tells the service manager that the agent is ready, and in one line what it maintains (<c>systemctl
/// status</c>). Safe for threads.</summary>
internal sealed class ServiceStatus
{
    private readonly ServiceNotifier _notifier;
    private readonly SharedState _shared;
    private readonly Lock _gate = new();
    private string _sent = "";

    /// <param name="notifier">Tells the service manager.</param>
    /// <param name="shared">Has the reports. The line follows them.</param>
    public ServiceStatus(ServiceNotifier notifier, SharedState shared)
    {
        _notifier = notifier;
        _shared = shared;
        shared.Reported += Follow;
    }

    /// <summary>The agent has started, or a reload has ended.</summary>
    public void Ready()
    {
        lock (_gate)
            _notifier.Ready(_sent = Text());
    }

    /// <summary>A reload begins. <see cref="Ready"/> ends it.</summary>
    public void Reloading() => _notifier.Reloading();

    private string Text() => _shared.LastReport switch
    {
        null => _shared.RequestedSpec is null ? "no spec yet" : "the spec is not applied yet, see the log",
        { IsHealthy: true } report => $"spec revision {report.SpecRevision}: ready as a real server",
        var report => $"spec revision {report.SpecRevision}: conditions fail, see sidestep-agent status",
    };

    private void Follow(AgentReport report)
    {
        lock (_gate)
        {
            if (Text() is var text && text != _sent)
                _notifier.Status(_sent = text);
        }
    }
}
