using Sidestep.Daemon.Engines;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>What the daemon that runs can apply of a valid configuration.</summary>
/// <param name="identity">Name and pin path at the start.</param>
/// <param name="engineReason">Returns why the running engine cannot apply a configuration; null: it can.</param>
internal sealed class ConfigurationAdmission(NodeSettings identity, Func<Configuration, string?> engineReason)
{
    /// <summary>Why a configuration cannot be applied without a restart of the daemon; null: it can.</summary>
    internal string? RejectionReason(Configuration configuration) =>
        configuration.Node.Name != identity.Name || configuration.Node.PinPath != identity.PinPath
            ? "node.name and node.pinPath cannot change while the daemon runs: they identify its state. Restart the "
                + "daemon with this configuration, in its file or in an empty store"
            : engineReason(configuration);

    /// <summary>The admission to a running engine.</summary>
    internal static ConfigurationAdmission To(NodeSettings identity, DirectorEngine engine) =>
        new(identity, c => EngineSelector.RejectionReason(engine, c));
}
