using Sidestep.Control;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Engines;
using Sidestep.Hosting.Systemd;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Proposes to the control loop what the configuration file says, with the servers that drain in
/// addition.</summary>
internal sealed class ConfigurationFollower
{
    private readonly ConfigurationFile _file;
    private readonly ConfigurationReload _reload;
    private readonly DrainOverlay _drains;
    private readonly ControlLoop _loop;

    /// <summary>The newest valid configuration of the file, without drains that agents request.</summary>
    private volatile Configuration _newest;

    /// <param name="file">The file.</param>
    /// <param name="first">The configuration at the start.</param>
    /// <param name="engine">The running engine, which cannot apply every configuration.</param>
    /// <param name="drains">Servers that drain in addition.</param>
    /// <param name="loop">Receives proposals.</param>
    /// <param name="status">Receives the errors of the file.</param>
    /// <param name="revisions">Receives every revision, this first one included.</param>
    /// <param name="log">Receives warnings and errors.</param>
    internal ConfigurationFollower(ConfigurationFile file, Configuration first, DirectorEngine engine,
        DrainOverlay drains, ControlLoop loop, StatusReporter status, RevisionHistory revisions, ILogger log)
    {
        _file = file;
        _drains = drains;
        _loop = loop;
        _newest = first;
        if (file.NotificationProblem is { } problem)
            log.NoFileNotifications(file.Path, problem);
        _reload = new ConfigurationReload(file.Store, first.Node, c => EngineSelector.RejectionReason(engine, c),
            Propose, status, revisions, log);
        revisions.Add(file.ReadRevision, file.Path, []);
    }

    /// <summary>Proposes the newest configuration again whenever servers begin or end to drain.</summary>
    internal void FollowDrains() => _drains.Changed += () => _loop.Post(_drains.ApplyTo(_newest));

    /// <summary>Reads the file after every change, and proposes it or rejects it, until cancelled.</summary>
    /// <param name="notifier">Tells the service manager when a reload begins and ends.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    internal Task WatchAsync(ServiceNotifier notifier, CancellationToken cancellation) => _file.WatchAsync(() =>
    {
        notifier.Reloading();
        try
        {
            _reload.Run();
        }
        finally
        {
            notifier.Ready(ControlService.ReadyText);
        }
    }, cancellation);

    private void Propose(Configuration configuration)
    {
        _newest = configuration;
        _loop.Post(_drains.ApplyTo(configuration));
    }
}
