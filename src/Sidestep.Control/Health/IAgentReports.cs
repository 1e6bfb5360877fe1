using System.Net;

namespace Sidestep.Control.Health;

/// <summary>What agents of real servers say of themselves, as far as admission asks. Safe for threads.</summary>
public interface IAgentReports
{
    /// <summary>Raised, on any thread, when <see cref="IsHealthy"/> may answer otherwise.</summary>
    event Action? Changed;

    /// <summary>Raised, on any thread, when what an agent counts looks like trouble: the server's own address, and what, in words.</summary>
    event Action<IPAddress, string>? PassiveSignalRaised;

    /// <summary>Whether the agent of a server reports it fit; null: it has not reported, or not for too long.</summary>
    /// <param name="name">Name of the server.</param>
    /// <param name="address">Its own address.</param>
    bool? IsHealthy(string name, IPAddress address);
}
