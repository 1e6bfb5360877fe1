using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>The reports of agents about their servers, as far as admission and health need them. Safe for
/// threads.</summary>
public interface IAgentReports
{
    /// <summary>Raised, on any thread, when the result of <see cref="IsHealthy"/> may have changed.</summary>
    event Action? Changed;

    /// <summary>Raised, on any thread, when an agent's counters indicate a fault. Arguments: the server's own address,
    /// and a description.</summary>
    event Action<VrfAddress, string>? PassiveSignalRaised;

    /// <summary>True if the agent of a server reports no wrong condition; null: it never reported, or is
    /// silent.</summary>
    bool? IsHealthy(RealServer server);
}
