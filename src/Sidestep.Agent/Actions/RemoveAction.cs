using System.Net;
using Sidestep.Agent.Decapsulation;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.State;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Restores what was there before the first apply, also after one that was interrupted.</summary>
internal sealed class RemoveAction(Action<string> say)
{
    public void Run(Request request)
    {
        var problems = new List<Problem>();
        Surroundings.Check(changes: true, bpf: false, problems);
        var vips = AddressReader.Read("--vip", request.Vips, problems);
        if (problems.Count > 0)
            throw new ProblemsException(problems);

        using var store = StateStore.OpenToChange(request.StateDirectory);
        using var socket = NetlinkSocket.Open();
        var host = ServerFacts.Read(socket);
        var state = store.Load();
        var undo = new Undo(socket, host, say);
        if (vips.Count == 0)
        {
            Everything(store, state, host, socket, undo);
            return;
        }
        var applied = vips.Where(v => state?.Addresses.Any(a => a.Vip == v.ToString()) == true).ToList();
        foreach (var vip in vips.Except(applied))
            say($"{vip}: nothing to remove, it has not been applied here");
        if (applied.Count == 0)
            return;
        if (applied.Count == state!.Addresses.Count)
        {
            say("no VIP remains: everything else goes too");
            Everything(store, state, host, socket, undo);
            return;
        }
        Some(store, state, applied, host, socket, undo);
    }

    private static void Some(StateStore store, AgentState state, List<IPAddress> vips, ServerFacts host, NetlinkSocket socket, Undo undo)
    {
        bool Goes(string vip) => vips.Any(v => v.ToString() == vip);
        var rest = state with
        {
            Addresses = [.. state.Addresses.Where(a => !Goes(a.Vip))],
            Wish = state.Wish with { Vips = [.. state.Wish.Vips.Where(v => !Goes(v))] },
        };
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        OnMaps(ours, maps => vips.ForEach(v => maps.Remove(DecapsulationMaps.VipsName, v)));
        foreach (var address in state.Addresses.Where(a => Goes(a.Vip)))
            undo.Address(address);
        // A VIP that was on lo before stays there, and has become an address like any other.
        var addresses = ServerFacts.Read(socket).OuterDestinations(ours.Select(static f => f.Interface), rest.AllVips);
        OnMaps(ours, maps => maps.Write(DecapsulationMaps.AddressesName, addresses));
        store.Save(rest);
    }

    private static void OnMaps(IReadOnlyList<AttachedFilter> ours, Action<DecapsulationMaps> action)
    {
        foreach (var attached in ours)
        {
            using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
            using var maps = DecapsulationMaps.Of(program);
            if (maps is not null)
                action(maps);
        }
    }

    /// <summary>The reverse of apply: a VIP goes before the settings that keep it silent.</summary>
    private void Everything(StateStore store, AgentState? state, ServerFacts host, NetlinkSocket socket, Undo undo)
    {
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        foreach (var attached in ours)
            undo.Filter(attached);
        if (state is null)
        {
            say(store.FoundStale ? "the state file is of a network namespace that is gone: deleted"
                : ours.Count > 0 ? "there is no state file: addresses, sysctls and qdiscs are left as they are"
                : "nothing to remove: nothing has been applied in this network namespace");
        }
        foreach (var qdisc in state?.Qdiscs ?? [])
            undo.Qdisc(qdisc);
        foreach (var address in state?.Addresses ?? [])
            undo.Address(address);
        foreach (var setting in Enumerable.Reverse(state?.Sysctls ?? []))
            undo.Setting(setting);
        store.Delete();
    }
}
