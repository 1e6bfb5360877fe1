using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Persistence;

/// <summary>What will be after the next start of the host: the agent's files, and what old recipes left.</summary>
internal static class PersistenceCheck
{
    public static void Run(string stateDirectory, HostFiles files, DesiredState desired, HostInventory host, Verification result)
    {
        var written = new PersistenceStore(stateDirectory).Written;
        var unit = files.Exists("/etc/systemd/system/multi-user.target.wants/" + Path.GetFileName(AgentUnit.Path));
        foreach (var file in written)
        {
            var isPresent = files.Read(file)?.StartsWith(PersistencePlan.HeaderLine, StringComparison.Ordinal) == true;
            result.Add(isPresent, ConditionNames.Persistence, file, isPresent ? "there" : "gone, or another's", "as the agent wrote it", "Run 'sidestep-agent apply --persist' again.");
        }
        if (written.Count == 0 && !unit)
        {
            result.Note(ConditionNames.Persistence, "", "nothing is kept over a restart of the host", "files, or the agent as a service",
                "Run 'sidestep-agent apply --persist', or 'sidestep-agent render linux --for agent'.");
        }
        LegacyConfigScan.Check(files, desired, host, result);
    }
}
