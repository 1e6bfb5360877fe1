using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Packets;

namespace Sidestep.Agent.Actions;

/// <summary>Restores the state of the host from before the first apply, also after an interrupted apply.</summary>
internal sealed class RemoveAction(IHostPlatform platform, Action<string> log)
{
    public void Run(Request request)
    {
        var problems = new List<Problem>();
        HostEnvironment.Check(platform.Privileges, changes: true, bpf: false, problems);
        var vips = AddressReader.Read(OptionsReader.VipOption, request.Vips, prefixes: true, problems);
        ProblemsException.ThrowIfAny(problems);

        using var store = StateStore.OpenForChange(request.StateDirectory);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        using var kernel = platform.OpenKernel();
        var host = kernel.ReadInventory();
        var state = store.Load();
        if (vips.Count == 0)
        {
            RemoveAll(request, store, state, host, kernel);
            return;
        }
        var applied = vips.Where(v => state?.Addresses.Any(a => a.Vip == PrefixText.Of(v)) == true).ToList();
        foreach (var vip in vips.Except(applied))
            log($"{PrefixText.Of(vip)}: nothing to remove, it is not applied here");
        if (applied.Count == 0)
            return;
        if (applied.Count == state!.Addresses.Count)
        {
            log("no VIP remains: everything else is removed too");
            RemoveAll(request, store, state, host, kernel);
            return;
        }
        RemoveVips(store, state, applied, host, kernel);
    }

    private void RemoveVips(
        StateStore store, HostState state, List<IPNetwork> vips, HostInventory host, IHostKernel kernel)
    {
        bool IsRemoved(string vip) => vips.Any(v => PrefixText.Of(v) == vip);
        var rest = state with
        {
            Addresses = [.. state.Addresses.Where(a => !IsRemoved(a.Vip))],
            Spec = Without(state.Spec, vips),
        };
        var ours = AttachedFilter.FindOurs(kernel, host.Interfaces).Where(static f => f.Hook == Hook.Ingress).ToList();
        ForEachMaps(kernel, ours, maps => maps.WriteVips([.. maps.Vips().Where(v => !vips.Contains(v.Network))]));
        var undo = new Undo(kernel, host, log);
        foreach (var address in state.Addresses.Where(a => IsRemoved(a.Vip)))
            undo.Address(address);
        // A VIP that existed on lo before the agent stays there, and is now an ordinary address of this server.
        var addresses = kernel.ReadInventory().OuterDestinations(ours.Select(static f => f.Interface), rest.AllVips);
        ForEachMaps(kernel, ours, maps => maps.WriteAddresses(addresses));
        store.Save(rest);
        log("files from --persist still name the removed VIPs: if there are any, run "
            + "'sidestep-agent apply --persist' again");
    }

    private static ServerSpec? Without(ServerSpec? spec, List<IPNetwork> vips) => spec is null ? null : spec with
    {
        Services = [.. spec.Services.Select(s => s with { Vips = [.. s.Vips.Except(vips)] })
            .Where(static s => s.Vips.Length > 0)],
    };

    private static void ForEachMaps(IHostKernel kernel, IEnumerable<AttachedFilter> filters, Action<AgentMaps> action)
    {
        foreach (var attached in filters)
        {
            using var program = kernel.OpenProgram(attached.Filter!.ProgramId);
            using var maps = program.OpenMaps();
            if (maps is not null)
                action(maps);
        }
    }

    /// <summary>The reverse order of apply: VIPs before the sysctls that suppress ARP for them.</summary>
    private void RemoveAll(Request request, StateStore store, HostState? state, HostInventory host, IHostKernel kernel)
    {
        var undo = new Undo(kernel, host, log);
        var files = new PersistenceStore(request.StateDirectory).Remove(request.Files, log);
        LastSpec.Delete(request.StateDirectory);
        StoredAdminState.Write(request.StateDirectory, AdminStates.Enabled);
        var ours = AttachedFilter.FindOurs(kernel, host.Interfaces);
        foreach (var attached in ours)
            undo.Filter(attached);
        if (state is null)
        {
            log(store.FoundStale ? "the state file is of a network namespace that no longer exists: deleted"
                : ours.Count > 0 ? "there is no state file: addresses, sysctls and qdiscs are not changed"
                : files > 0 ? "only the files from --persist existed"
                : "nothing to remove: nothing is applied in this network namespace");
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
