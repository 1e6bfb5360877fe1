using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Roles;

/// <summary>What this host does for the directors. Each role takes its part of the spec. Today there is one:
/// <see cref="RealServerRole"/>.</summary>
/// <remarks>For one thread, that of the event loop. A kernel or file error is thrown:
/// <see cref="Native.NativeException"/>, <see cref="AgentException"/>, <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>.</remarks>
internal interface IAgentRole : IDisposable
{
    /// <summary>Reads what a spec requires of this host in this role, and changes nothing.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="host">The present state of the host.</param>
    /// <param name="problems">Receives every reason why the spec cannot be applied.</param>
    /// <returns>Null if there is a problem.</returns>
    IRolePlan? Plan(ServerSpec spec, HostInventory host, List<Problem> problems);

    /// <summary>The values of the settings whose changes the kernel does not notify, as a text to compare; empty before
    /// the first plan is accepted.</summary>
    string ReadSettings();

    /// <summary>Checks the host against the accepted plan; without one, the result is empty.</summary>
    Verification Verify(HostInventory host);
}
