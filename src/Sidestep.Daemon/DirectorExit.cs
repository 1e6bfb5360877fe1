using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.Probes;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>What the daemon leaves behind when a signal ends it: its state, or nothing (<c>onExit</c>).</summary>
internal sealed class DirectorExit(DirectorEngine engine, SolicitedNodeMulticast multicast, MulticastFile multicastFile,
    HealthService health, Management management, StatusReporter status, ILogger log)
{
    /// <summary>Ends the daemon, after all of its tasks have ended.</summary>
    /// <param name="action">The <c>onExit</c> of the configuration in force.</param>
    internal void Run(ExitAction action)
    {
        if (action != ExitAction.Remove)
        {
            log.Stopped(ApplyText.Stopping(status.Current.Starting, engine.Kind));
            return;
        }
        engine.Remove();
        multicast.Leave();
        health.Remove();
        multicastFile.Delete();
        management.ForgetDrains();
        log.Removed();
    }
}
