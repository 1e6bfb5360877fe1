using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Persistence;

/// <summary>Checks what the next start of the host will do: the agent's files, and legacy configuration.</summary>
internal static class PersistenceCheck
{
    public static void Run(string stateDirectory, HostFiles files, DesiredState desired, Verification result)
    {
        var written = new PersistenceStore(stateDirectory).Written;
        var hasUnit = files.Exists("/etc/systemd/system/multi-user.target.wants/" + Path.GetFileName(AgentUnit.Path));
        foreach (var file in written)
        {
            var isOurs = files.Read(file)?.StartsWith(PersistencePlan.HeaderLine, StringComparison.Ordinal) == true;
            result.Add(isOurs, ConditionNames.Persistence, file,
                isOurs ? "present" : "missing, or written by another program", "as the agent wrote it",
                "Run 'sidestep-agent apply --persist' again.");
        }
        if (written.Count == 0 && !hasUnit)
        {
            result.Note(ConditionNames.Persistence, "", "nothing survives a restart of the host",
                "files, or the agent as a service",
                "Run 'sidestep-agent apply --persist', or 'sidestep-agent render linux --for agent'.");
        }
        LegacyConfigScan.Check(files, desired, result);
    }
}
