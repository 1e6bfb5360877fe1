using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Persistence;

/// <summary>What will be after the next start of the host: the agent's files, and what old recipes left.</summary>
internal static class FileCheck
{
    public static void Run(string stateDirectory, HostFiles files, Wish wish, ServerFacts host, Verification result)
    {
        var written = new PersistenceStore(stateDirectory).Written;
        var unit = files.Exists("/etc/systemd/system/multi-user.target.wants/" + Path.GetFileName(AgentUnit.Path));
        foreach (var file in written)
        {
            var there = files.Read(file)?.StartsWith(PersistencePlan.Mark, StringComparison.Ordinal) == true;
            result.Add(there, ConditionNames.Persistence, file, there ? "there" : "gone, or another's", "as the agent wrote it", "Run 'sidestep-agent apply --persist' again.");
        }
        if (written.Count == 0 && !unit)
        {
            result.Note(ConditionNames.Persistence, "", "nothing is kept over a restart of the host", "files, or the agent as a service",
                "Run 'sidestep-agent apply --persist', or 'sidestep-agent emit linux --for agent'.");
        }
        OldRecipes.Check(files, wish, host, result);
    }
}
