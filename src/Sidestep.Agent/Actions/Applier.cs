using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;

namespace Sidestep.Agent.Actions;

/// <summary>Gives the host the desired state, whatever an earlier run left.</summary>
internal sealed class Applier(StateStore store, IHostKernel kernel, Action<string> log)
{
    /// <param name="desired">The whole desired state.</param>
    /// <param name="programs">Loaded before any change, so that nothing has changed if the kernel rejects them. Null:
    /// no programs are desired.</param>
    /// <param name="before">The recorded value of a sysctl from before <c>--persist</c>; null: unknown.</param>
    public void Apply(DesiredState desired, IAgentPrograms? programs, Func<SysctlRecord, int?>? before = null)
    {
        var host = kernel.ReadInventory();
        var earlier = store.Load();
        if (store.FoundStale)
            log("the state file is ignored: it is of a network namespace that no longer exists");
        var state = Merge(earlier ?? store.Empty(), desired, host, before);
        store.Save(state);
        var desiredVips = desired.Vips.Select(static v => v.Network).ToList();
        foreach (var deviation in Deviations.Find(desired, host, kernel, programs, [.. state.AllVips, .. desiredVips]))
        {
            deviation.Repair();
            if (deviation.IsDrift)
                log(deviation.Message);
        }
        store.Save(RemoveUndesired(state, desired, kernel.ReadInventory()));
        // A VIP that existed on lo before the agent stays there, and is now an ordinary address of this server.
        programs?.Maps.WriteAddresses(kernel.ReadInventory().OuterDestinations(desired.Interfaces, desiredVips));
    }

    /// <summary>Adds what this run may change. What an earlier run recorded as the previous state stays so.</summary>
    private HostState Merge(
        HostState earlier, DesiredState desired, HostInventory host, Func<SysctlRecord, int?>? before)
    {
        var addresses = new List<AddressRecord>(earlier.Addresses);
        foreach (var vip in desired.Vips.Where(v => !addresses.Any(a => a.Vip == v.ToString())))
            addresses.Add(new AddressRecord(vip.ToString(), host.HasVip(vip.Network)));
        var qdiscs = new List<QdiscRecord>(earlier.Qdiscs);
        foreach (var item in desired.At(Hook.Egress).Where(i => !qdiscs.Any(q => q.InterfaceIndex == i.Index)))
            qdiscs.Add(new QdiscRecord(item.Index, kernel.Qdisc(item.Index) is not null));
        return earlier with
        {
            Sysctls = MergeSysctls(earlier.Sysctls, desired, host, before),
            Addresses = addresses,
            Qdiscs = qdiscs,
            Spec = desired.Spec,
            Interfaces = [.. desired.Interfaces.Select(static i => i.Index)],
            Programs = desired.Programs,
        };
    }

    private List<SysctlRecord> MergeSysctls(IEnumerable<SysctlRecord> earlier, DesiredState desired,
        HostInventory host, Func<SysctlRecord, int?>? before)
    {
        var sysctls = new List<SysctlRecord>(earlier);
        var scopeHost = Deviations.VipsHaveScopeHost(desired, host);
        foreach (var (setting, index, value) in DesiredSysctl.For(desired.Interfaces))
        {
            if (sysctls.Any(s => s.InterfaceIndex == index && s.Key == setting.Key)
                || kernel.ReadSysctl(setting) is not { } found)
            {
                continue;
            }
            var record = new SysctlRecord(index, setting.Scope, setting.Key, found, value);
            if (Deviations.IsNeeded(setting.Key, found, value, scopeHost))
                sysctls.Add(record);
            else if (found == value && before?.Invoke(record) is { } older && older != found)
                sysctls.Add(record with { Before = older });
        }
        return sysctls;
    }

    /// <summary>Reverts what an earlier run configured and this one does not name, and drops it from the
    /// state.</summary>
    private HostState RemoveUndesired(HostState state, DesiredState desired, HostInventory host)
    {
        var undo = new Undo(kernel, host, log);
        bool HasFilter(Hook hook, int index) => desired.At(hook).Any(i => i.Index == index);
        bool IsListed(int index) => index == 0 || desired.Interfaces.Any(i => i.Index == index);
        bool IsDesired(AddressRecord a) => desired.Vips.Any(v => v.ToString() == a.Vip);

        foreach (var attached in AttachedFilter.FindOurs(kernel, host.Interfaces))
        {
            if (!HasFilter(attached.Hook, attached.Interface.Index))
                undo.Filter(attached);
        }
        foreach (var qdisc in state.Qdiscs.Where(q => !HasFilter(Hook.Egress, q.InterfaceIndex)))
            undo.Qdisc(qdisc);
        foreach (var address in state.Addresses.Where(a => !IsDesired(a)))
            undo.Address(address);
        foreach (var setting in state.Sysctls.Where(s => !IsListed(s.InterfaceIndex)))
            undo.Setting(setting);
        return state with
        {
            Qdiscs = [.. state.Qdiscs.Where(q => HasFilter(Hook.Egress, q.InterfaceIndex))],
            Addresses = [.. state.Addresses.Where(IsDesired)],
            Sysctls = [.. state.Sysctls.Where(s => IsListed(s.InterfaceIndex))],
        };
    }
}
