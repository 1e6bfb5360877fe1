using System.Globalization;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.Agent.Roles;

/// <summary>A real server: VIPs on <c>lo</c>, sysctls and the programs, as <see cref="DesiredState"/> has
/// them.</summary>
internal sealed class RealServerRole(Request request, IHostKernel kernel, TimeProvider time, ILogger log) : IAgentRole
{
    private readonly FileConditions _files = new(request, time);
    private readonly OngoingErrors _errors = new();
    private IAgentPrograms? _programs;
    private DesiredState? _accepted;

    public IRolePlan? Plan(ServerSpec spec, HostInventory host, List<Problem> problems)
    {
        var own = new List<Problem>();
        var desired = Read(spec, host, own);
        // After the first apply, verify reports a filter of another program at the agent's place.
        if (desired is not null && _accepted is null)
            own.AddRange(ApplyAction.ForeignFilterProblems(desired, kernel));
        problems.AddRange(own);
        return desired is null || own.Count > 0 ? null : new RealServerPlan(this, desired, host);
    }

    public string ReadSettings()
    {
        if (_accepted is null)
            return "";
        var settings = DesiredSysctl.For(_accepted.Interfaces).Select(static s => s.Setting)
            .Concat(_accepted.Interfaces.Select(static i => new Sysctl(i.Name, Sysctl.ProxyArpPrivateVlan)));
        return string.Concat(settings.Select(s =>
            string.Create(CultureInfo.InvariantCulture, $"{kernel.ReadSysctl(s)},")));
    }

    public Verification Verify(HostInventory host)
    {
        if (_accepted is null)
            return new Verification();
        // The interfaces may have changed since. If the spec no longer fits the host, verify shows what is missing.
        var desired = Read(_accepted.Spec, host, []) ?? _accepted;
        var result = Verifier.Check(desired, host, kernel, _programs);
        result.Conditions.AddRange(_files.Check(desired));
        return result;
    }

    public void Dispose() => _programs?.Dispose();

    private DesiredState? Read(ServerSpec spec, HostInventory host, List<Problem> problems) => DesiredStateReader.Read(
        spec, InterfaceNames(host), programs: true, host, beforeChange: false, problems);

    /// <summary>The named interfaces that exist. Without names and without a default route, those chosen before
    /// stay.</summary>
    private IReadOnlyList<string> InterfaceNames(HostInventory host)
    {
        if (request.Interfaces.Count > 0)
        {
            var present = request.Interfaces.Where(n => host.Interfaces.Any(i => i.Name == n)).ToList();
            return present.Count > 0 ? present : request.Interfaces;
        }
        if (_accepted is null || host.DefaultRouteInterfaces.Count > 0)
            return [];
        return [.. host.Interfaces.Where(i => _accepted.Interfaces.Any(w => w.Index == i.Index))
            .Select(static i => i.Name)];
    }

    private void Apply(DesiredState desired)
    {
        _programs ??= kernel.LoadSharingMaps(AttachedFilter.FindOurs(kernel, kernel.ReadInventory().Interfaces));
        using var store = StateStore.OpenForChange(request.StateDirectory);
        var persistence = new PersistenceStore(request.StateDirectory);
        new Applier(store, kernel, log.HostChanged).Apply(desired, _programs, persistence.Before);
        if (request.Persist)
            Persist(desired, persistence, store);
    }

    private void Persist(DesiredState desired, PersistenceStore persistence, StateStore store)
    {
        var problems = new List<Problem>();
        if (PersistencePlan.Make(desired, request.Files, null, problems) is { } plan)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], request.Files, log.HostChanged);
        else if (_errors.IsNew("persistence", string.Join('\n', problems)))
            problems.ForEach(p => log.PersistenceFailed(p.ToLine()));
    }

    private List<Deviation> FindDeviations(DesiredState desired, HostInventory host) =>
        Deviations.Find(desired, host, kernel, _programs, [.. desired.Vips.Select(static v => v.Network)]);

    private sealed class RealServerPlan(RealServerRole role, DesiredState desired, HostInventory host) : IRolePlan
    {
        public string Key { get; } = KeyOf(desired);

        public string Summary => $"{desired.Vips.Count} VIPs on "
            + string.Join(' ', desired.Interfaces.Select(static i => i.Name));

        public void Apply() => role.Apply(desired);

        public IReadOnlyList<Deviation> FindDeviations() => role.FindDeviations(desired, host);

        public void Accept() => role._accepted = desired;

        private static string KeyOf(DesiredState desired)
        {
            var spec = desired.Spec with { Revision = 0, Issued = null, DirectorVersion = "" };
            var ingress = desired.Interfaces.Select(static i =>
                string.Create(CultureInfo.InvariantCulture, $" {i.Index}:{i.Name}:{i.MtuBytes}"));
            var egress = desired.EgressInterfaces.Select(static i =>
                string.Create(CultureInfo.InvariantCulture, $" {i.Index}"));
            return $"{Convert.ToBase64String(SpecFile.Write(spec))}{string.Concat(ingress)}/{string.Concat(egress)}";
        }
    }
}
