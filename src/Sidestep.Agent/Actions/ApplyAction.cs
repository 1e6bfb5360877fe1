using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;

namespace Sidestep.Agent.Actions;

/// <summary>Configures this host as a real server, once. The options replace whatever an earlier run
/// configured.</summary>
internal sealed class ApplyAction(IHostPlatform platform, Action<string> log)
{
    /// <returns>The verification after the change.</returns>
    /// <exception cref="ProblemsException">The request cannot be applied; nothing has been changed.</exception>
    public Verification Run(Request request)
    {
        using var kernel = platform.OpenKernel();
        var host = kernel.ReadInventory();
        var problems = new List<Problem>();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(
            spec, request.Interfaces, programs: false, host, beforeChange: true, problems);
        HostEnvironment.Check(platform.Privileges, changes: true,
            bpf: request.Decapsulate.Count > 0 || desired?.Programs == true, problems);
        if (desired is not null)
            problems.AddRange(ForeignFilterProblems(desired, kernel));
        var plan = desired is null || !request.Persist ? null
            : PersistencePlan.Make(desired, request.Files, null, problems);
        if (desired is null || problems.Count > 0)
            throw new ProblemsException(problems);
        LogInterfaces(request.Interfaces, desired, host);

        using var store = StateStore.OpenForChange(request.StateDirectory);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        var persistence = new PersistenceStore(request.StateDirectory);
        using var programs = desired.Programs
            ? kernel.LoadSharingMaps(AttachedFilter.FindOurs(kernel, host.Interfaces)) : null;
        new Applier(store, kernel, log).Apply(desired, programs, persistence.Before);
        if (plan is not null)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], request.Files, log);
        return Verifier.Check(desired, kernel.ReadInventory(), kernel, programs);
    }

    /// <summary>A problem for each place of the agent's filters that a filter of another program occupies.</summary>
    public static IEnumerable<Problem> ForeignFilterProblems(DesiredState desired, IHostKernel kernel) =>
        AttachedFilter.Hooks.SelectMany(h => desired.At(h).Select(i => AttachedFilter.Find(kernel, i, h)))
            .Where(static f => f.IsForeign).Select(ForeignFilterProblem);

    private static Problem ForeignFilterProblem(AttachedFilter found)
    {
        var (filter, hook) = (found.Filter!, found.Hook == Hook.Ingress ? "ingress" : "egress");
        return new Problem("--interface", found.Interface.Name,
            $"has a filter of another program at the place of the agent's: {filter.Kind} {filter.Name} at {hook} "
            + $"pref {filter.Position.Priority} handle 0x{filter.Position.Handle:x}",
            "Move that filter to another priority, or remove it: "
            + $"tc filter del dev {found.Interface.Name} {hook} pref {filter.Position.Priority}");
    }

    private void LogInterfaces(IReadOnlyList<string> names, DesiredState desired, HostInventory host)
    {
        foreach (var item in desired.Interfaces)
        {
            var reason = names.Count > 0 ? "named by --interface"
                : host.DefaultRouteInterfaces.Contains(item.Index) ? "chosen, because it has the default route"
                : "chosen, because it is up and there is no default route";
            log($"interface {item.Name}: {reason}");
        }
    }
}
