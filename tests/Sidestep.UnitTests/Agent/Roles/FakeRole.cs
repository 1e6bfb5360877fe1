using Sidestep.Agent.Actions;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Roles;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Roles;

/// <summary>A role whose plans a test sets, and that records what the agent does with them.</summary>
/// <param name="name">Stands in front of each step.</param>
/// <param name="steps">Receives the steps: <c>tier2 apply 7</c>.</param>
internal sealed class FakeRole(string name, List<string> steps) : IAgentRole
{
    public string Key { get; set; } = "key";

    public string Settings { get; set; } = "";

    /// <summary>Why a spec cannot be applied; null: it can.</summary>
    public Func<ServerSpec, string?> Rejects { get; set; } = static _ => null;

    public List<Deviation> Deviations { get; } = [];

    public Exception? ApplyError { get; set; }

    public IRolePlan? Plan(ServerSpec spec, HostInventory host, List<Problem> problems)
    {
        if (Rejects(spec) is not { } reason)
            return new FakePlan(this, spec);
        problems.Add(new Problem(name, "", reason, "Remedy."));
        return null;
    }

    public string ReadSettings() => Settings;

    public Verification Verify(HostInventory host)
    {
        var result = new Verification();
        result.Note(name, "", "found", "expected");
        return result;
    }

    public void Dispose() => steps.Add($"{name} dispose");

    private void Add(string step) => steps.Add($"{name} {step}");

    private sealed class FakePlan(FakeRole role, ServerSpec spec) : IRolePlan
    {
        public string Key => role.Key;

        public string Summary => $"{role.Key} of revision {spec.Revision}";

        public void Apply()
        {
            if (role.ApplyError is { } error)
                throw error;
            role.Add($"apply {spec.Revision}");
        }

        public IReadOnlyList<Deviation> FindDeviations()
        {
            role.Add($"compare {spec.Revision}");
            return role.Deviations;
        }

        public void Accept() => role.Add($"accept {spec.Revision}");
    }
}
