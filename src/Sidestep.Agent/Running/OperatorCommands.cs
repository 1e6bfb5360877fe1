using System.Text.Json;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Executes the commands of the local operator, on the thread of the operator's socket.</summary>
/// <param name="stateDirectory">Where the admin state is stored.</param>
/// <param name="shared">Has the last report, and gets the admin state.</param>
/// <param name="sendAdminState">Sends an admin state to the directors.</param>
internal sealed class OperatorCommands(string stateDirectory, SharedState shared, Action<string> sendAdminState)
{
    /// <summary>Executes one of the commands of <see cref="RunningAgent"/>.</summary>
    /// <returns>The response: a report as JSON (<c>{}</c> before the first), the new admin state, or
    /// <c>unknown</c>.</returns>
    public string Execute(string command) => command switch
    {
        RunningAgent.Status => shared.LastReport is { } report
            ? JsonSerializer.Serialize(report, ApiJson.Default.AgentReport) : "{}",
        RunningAgent.Drain => SetAdminState(AdminStates.Draining),
        RunningAgent.Undrain => SetAdminState(AdminStates.Enabled),
        _ => "unknown",
    };

    /// <summary>Stored before it is announced, so that a restart does not lose what the operator saw
    /// confirmed.</summary>
    private string SetAdminState(string adminState)
    {
        StoredAdminState.Write(stateDirectory, adminState);
        shared.SetAdminState(adminState);
        sendAdminState(adminState);
        return adminState;
    }
}
