using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Restores what was there before the first apply, also after one that was interrupted.</summary>
internal sealed class RemoveAction(Action<string> log)
{
    public void Run(Request request)
    {
        var problems = new List<Problem>();
        HostEnvironment.Check(changes: true, bpf: false, problems);
        var vips = AddressReader.Read(OptionsReader.VipOption, request.Vips, prefixes: true, problems);
        if (problems.Count > 0)
            throw new ProblemsException(problems);

        using var store = StateStore.OpenForChange(request.StateDirectory);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        using var socket = NetlinkSocket.Open();
        var host = HostInventory.Read(socket);
        var state = store.Load();
        var undo = new Undo(socket, host, log);
        if (vips.Count == 0)
        {
            RemoveAll(request.StateDirectory, store, state, host, socket, undo);
            return;
        }
        var applied = vips.Where(v => state?.Addresses.Any(a => a.Vip == PrefixText.Of(v)) == true).ToList();
        foreach (var vip in vips.Except(applied))
            log($"{PrefixText.Of(vip)}: nothing to remove, it has not been applied here");
        if (applied.Count == 0)
            return;
        if (applied.Count == state!.Addresses.Count)
        {
            log("no VIP remains: everything else goes too");
            RemoveAll(request.StateDirectory, store, state, host, socket, undo);
            return;
        }
        RemoveVips(store, state, applied, host, socket, undo);
    }

    private void RemoveVips(StateStore store, HostState state, List<IPNetwork> vips, HostInventory host, NetlinkSocket socket, Undo undo)
    {
        bool IsRemoved(string vip) => vips.Any(v => PrefixText.Of(v) == vip);
        var rest = state with
        {
            Addresses = [.. state.Addresses.Where(a => !IsRemoved(a.Vip))],
            Spec = state.Spec is not { } spec ? null : spec with
            {
                Services = [.. spec.Services.Select(s => s with { Vips = [.. s.Vips.Except(vips)] }).Where(static s => s.Vips.Length > 0)],
            },
        };
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        ForEachMaps(ours, maps => maps.WriteVips([.. maps.Vips().Where(v => !vips.Contains(v.Network))]));
        foreach (var address in state.Addresses.Where(a => IsRemoved(a.Vip)))
            undo.Address(address);
        // A VIP that was on lo before stays there, and has become an address like any other.
        var addresses = HostInventory.Read(socket).OuterDestinations(ours.Where(static f => f.Hook == Hook.Ingress).Select(static f => f.Interface), rest.AllVips);
        ForEachMaps(ours, maps => maps.WriteAddresses(addresses));
        store.Save(rest);
        log("files that were written for the next start of the host still name what was removed: run 'sidestep-agent apply --persist' again if there are any");
    }

    private static void ForEachMaps(IReadOnlyList<AttachedFilter> ours, Action<AgentMaps> action)
    {
        foreach (var attached in ours.Where(static f => f.Hook == Hook.Ingress))
        {
            using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
            using var maps = AgentMaps.Of(program);
            if (maps is not null)
                action(maps);
        }
    }

    /// <summary>The reverse of apply: a VIP goes before the settings that keep it silent.</summary>
    private void RemoveAll(string directory, StateStore store, HostState? state, HostInventory host, NetlinkSocket socket, Undo undo)
    {
        var files = new PersistenceStore(directory).Remove(HostFiles.Machine, log);
        LastSpec.Delete(directory);
        StoredAdminState.Write(directory, AdminStates.Enabled);
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        foreach (var attached in ours)
            undo.Filter(attached);
        if (state is null)
        {
            log(store.FoundStale ? "the state file is of a network namespace that is gone: deleted"
                : ours.Count > 0 ? "there is no state file: addresses, sysctls and qdiscs are left as they are"
                : files > 0 ? "the files for the next start of the host were all that there was"
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
