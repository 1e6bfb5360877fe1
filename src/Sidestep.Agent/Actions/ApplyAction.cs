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
internal sealed class ApplyAction(Action<string> say)
{
    public Verification Run(Request request)
    {
        using var socket = NetlinkSocket.Open();
        var host = ServerFacts.Read(socket);
        var problems = new List<Problem>();
        var duties = OptionsReader.Read(request, problems);
        var wish = duties is null ? null : WishReader.Read(duties, request.Interfaces, programs: false, host, beforeChange: true, problems);
        Surroundings.Check(changes: true, bpf: request.Decapsulate.Count > 0 || wish?.Programs == true, problems);
        if (wish is not null)
            problems.AddRange(Taken(wish, socket));
        var plan = wish is null || !request.Persist ? null : PersistencePlan.Make(wish, HostFiles.Machine, null, problems);
        if (wish is null || problems.Count > 0)
            throw new ProblemsException(problems);
        SayInterfaces(request.Interfaces, wish, host, say);

        using var store = StateStore.OpenToChange(request.StateDirectory);
        RunningAgent.MustNotBe(request.StateDirectory);
        var persistence = new PersistenceStore(request.StateDirectory);
        using var programs = wish.Programs ? AgentPrograms.LoadBeside(AttachedFilter.FindOurs(socket, host.Interfaces)) : null;
        new Applier(store, socket, say).Apply(wish, programs, persistence.Before);
        if (plan is not null)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], HostFiles.Machine, say);
        return Verifier.Check(wish, ServerFacts.Read(socket), socket, programs);
    }

    /// <summary>Places of the agent's filters that are another's.</summary>
    public static IEnumerable<Problem> Taken(Wish wish, NetlinkSocket socket) => AttachedFilter.Hooks
        .SelectMany(h => wish.At(h).Select(i => AttachedFilter.Find(socket, i, h))).Where(static f => f.IsTaken)
        .Select(static found => new Problem("--interface", found.Interface.Name,
            $"has another's filter where the agent's goes: {found.Filter!.Kind} {found.Filter.Name} at {found.Hook.ToString().ToLowerInvariant()} pref {found.Filter.Place.Priority} handle 0x{found.Filter.Place.Handle:x}",
            $"Move that filter to another priority, or remove it: tc filter del dev {found.Interface.Name} {found.Hook.ToString().ToLowerInvariant()} pref {found.Filter.Place.Priority}"));

    public static void SayInterfaces(IReadOnlyList<string> names, Wish wish, ServerFacts host, Action<string> say)
    {
        foreach (var item in wish.Interfaces)
        {
            var why = names.Count > 0 ? "named"
                : host.WithDefaultRoute.Contains(item.Index) ? "chosen, because the default route leaves by it"
                : "chosen, because it is up and there is no default route";
            say($"interface {item.Name}: {why}");
        }
    }
}
