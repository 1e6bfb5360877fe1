using Sidestep.Agent.Actions;

namespace Sidestep.Agent.Roles;

/// <summary>What a spec requires of this host in one role: checked, and not carried out yet.</summary>
internal interface IRolePlan
{
    /// <summary>Contains everything whose change requires <see cref="Apply"/>. A plan with the key of the applied one
    /// needs repairs at most.</summary>
    string Key { get; }

    /// <summary>What is configured, and where, for the log: <c>2 VIPs on eth0</c>.</summary>
    string Summary { get; }

    /// <summary>Configures the host, and reverts what the previous plan configured and this one does not
    /// name.</summary>
    void Apply();

    /// <summary>The differences between plan and host, in the order in which to repair them.</summary>
    IReadOnlyList<Deviation> FindDeviations();

    /// <summary>Makes this the plan that the role verifies from now on.</summary>
    void Accept();
}
