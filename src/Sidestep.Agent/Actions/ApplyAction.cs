using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Makes this host a fit real server, once: what the options say becomes all there is, whatever an earlier run left.</summary>
internal sealed class ApplyAction(Action<string> log)
{
    public Verification Run(Request request)
    {
        using var socket = NetlinkSocket.Open();
        var host = HostInventory.Read(socket);
        var problems = new List<Problem>();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(spec, request.Interfaces, programs: false, host, beforeChange: true, problems);
        HostEnvironment.Check(changes: true, bpf: request.Decapsulate.Count > 0 || desired?.Programs == true, problems);
        if (desired is not null)
            problems.AddRange(ForeignFilterProblems(desired, socket));
        var plan = desired is null || !request.Persist ? null : PersistencePlan.Make(desired, HostFiles.Machine, null, problems);
        if (desired is null || problems.Count > 0)
            throw new ProblemsException(problems);
        LogInterfaces(request.Interfaces, desired, host, log);

        using var store = StateStore.OpenForChange(request.StateDirectory);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        var persistence = new PersistenceStore(request.StateDirectory);
        using var programs = desired.Programs ? AgentPrograms.LoadSharingMaps(AttachedFilter.FindOurs(socket, host.Interfaces)) : null;
        new Applier(store, socket, log).Apply(desired, programs, persistence.Before);
        if (plan is not null)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], HostFiles.Machine, log);
        return Verifier.Check(desired, HostInventory.Read(socket), socket, programs);
    }

    /// <summary>Places of the agent's filters that are another's.</summary>
    public static IEnumerable<Problem> ForeignFilterProblems(DesiredState desired, NetlinkSocket socket) => AttachedFilter.Hooks
        .SelectMany(h => desired.At(h).Select(i => AttachedFilter.Find(socket, i, h))).Where(static f => f.IsForeign)
        .Select(static found => new Problem("--interface", found.Interface.Name,
            $"has another's filter where the agent's goes: {found.Filter!.Kind} {found.Filter.Name} at {found.Hook.ToString().ToLowerInvariant()} pref {found.Filter.Position.Priority} handle 0x{found.Filter.Position.Handle:x}",
            $"Move that filter to another priority, or remove it: tc filter del dev {found.Interface.Name} {found.Hook.ToString().ToLowerInvariant()} pref {found.Filter.Position.Priority}"));

    public static void LogInterfaces(IReadOnlyList<string> names, DesiredState desired, HostInventory host, Action<string> log)
    {
        foreach (var item in desired.Interfaces)
        {
            var why = names.Count > 0 ? "named"
                : host.DefaultRouteInterfaces.Contains(item.Index) ? "chosen, because the default route leaves by it"
                : "chosen, because it is up and there is no default route";
            log($"interface {item.Name}: {why}");
        }
    }
}
