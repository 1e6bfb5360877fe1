using Sidestep.Control;
using Sidestep.Control.Agents;
using Sidestep.Control.ServerOverrides;
using Sidestep.Daemon.Engines;
using Sidestep.Hosting.Systemd;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Proposes to the control loop what the configuration says, with the servers that drain in
/// addition.</summary>
internal sealed class ConfigurationFollower
{
    private readonly ConfigurationSource _source;
    private readonly ConfigurationReload _reload;
    private readonly DrainOverlay _drains;
    private readonly OperationalOverlay _overlay;
    private readonly ControlLoop _loop;

    /// <param name="source">Where the configuration comes from.</param>
    /// <param name="first">The configuration at the start.</param>
    /// <param name="engine">The running engine, which cannot apply every configuration.</param>
    /// <param name="drains">Servers that drain in addition.</param>
    /// <param name="overlay">The operational state.</param>
    /// <param name="loop">Receives proposals.</param>
    /// <param name="status">Receives the errors of the configuration.</param>
    /// <param name="revisions">Receives every revision, this first one included.</param>
    /// <param name="log">Receives warnings and errors.</param>
    internal ConfigurationFollower(ConfigurationSource source, Configuration first, DirectorEngine engine,
        DrainOverlay drains, OperationalOverlay overlay, ControlLoop loop, StatusReporter status,
        RevisionHistory revisions, ILogger log)
    {
        _source = source;
        _drains = drains;
        _overlay = overlay;
        _loop = loop;
        source.Accepted = first;
        if (source.NotificationProblem is { } problem)
            log.NoFileNotifications(source.Path, problem);
        if (source.LostNewest is { } lost)
            status.SetProblems(ProblemSource.ConfigurationFile, [lost]);
        var admission = ConfigurationAdmission.To(first.Node, engine);
        if (source.Writable is { } store)
            store.RejectionReason = admission.RejectionReason;
        _reload = new ConfigurationReload(source.Store, admission.RejectionReason, Propose, status, revisions, log);
        revisions.Add(source.ReadRevision, source.Path, []);
    }

    /// <summary>Proposes the newest configuration again whenever servers begin or end to drain.</summary>
    internal void FollowDrains() => _drains.Changed += () =>
        _ = ProposeAgainAsync();

    /// <summary>Proposes the newest configuration with the present operational state; true: it is in force.</summary>
    internal Task<bool> ProposeAgainAsync() => _loop.PostAsync(_overlay.ApplyTo(_source.Accepted));

    /// <summary>Reads the configuration after every change, and proposes it or rejects it, until cancelled.</summary>
    /// <param name="notifier">Tells the service manager when a reload begins and ends.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    internal Task WatchAsync(ServiceNotifier notifier, CancellationToken cancellation) => _source.WatchAsync(() =>
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

    private void Propose(long number, Configuration configuration)
    {
        _source.Accepted = configuration;
        _ = NoteAsync(number, _loop.PostAsync(_overlay.ApplyTo(configuration)));
    }

    private async Task NoteAsync(long number, Task<bool> tried) =>
        _source.Tried.Add(number, await tried.ConfigureAwait(false));
}
