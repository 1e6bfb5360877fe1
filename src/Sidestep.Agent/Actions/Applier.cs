using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Makes the host what the wish says, whatever an earlier one left.</summary>
internal sealed class Applier(StateStore store, NetlinkSocket socket, Action<string> log)
{
    /// <param name="desired">What shall be: all of it.</param>
    /// <param name="programs">Loaded already: if the kernel refuses them, nothing has been changed. Null when none are wished for.</param>
    /// <param name="before">What a setting was before the agent first made it permanent, when that is known.</param>
    public void Apply(DesiredState desired, AgentPrograms? programs, Func<SysctlRecord, int?>? before = null)
    {
        var host = HostInventory.Read(socket);
        var earlier = store.Load();
        if (store.FoundStale)
            log("an old state file is ignored: it is of a network namespace that is gone");
        var state = Merge(earlier ?? store.Empty(), desired, host, before);
        store.Save(state);
        foreach (var deviation in Deviations.Find(desired, host, socket, programs, [.. state.AllVips, .. desired.Vips.Select(static v => v.Network)]))
        {
            deviation.Repair();
            if (deviation.IsDrift)
                log(deviation.Message);
        }
        store.Save(RemoveUndesired(state, desired, HostInventory.Read(socket)));
        // A VIP of an earlier run that the operator had on lo before has become an address like any other.
        programs?.Maps.WriteAddresses(HostInventory.Read(socket).OuterDestinations(desired.Interfaces, [.. desired.Vips.Select(static v => v.Network)]));
    }

    /// <summary>What was there before an earlier apply stays what was there before.</summary>
    private HostState Merge(HostState earlier, DesiredState desired, HostInventory host, Func<SysctlRecord, int?>? before)
    {
        var sysctls = new List<SysctlRecord>(earlier.Sysctls);
        var scopeHost = Deviations.VipsHaveScopeHost(desired, host);
        foreach (var (setting, index, value) in DesiredSysctl.For(desired.Interfaces))
        {
            if (sysctls.Any(s => s.InterfaceIndex == index && s.Key == setting.Key) || setting.TryRead() is not { } found)
                continue;
            var record = new SysctlRecord(index, setting.Scope, setting.Key, found, value);
            if (Deviations.IsNeeded(setting.Key, found, value, scopeHost))
                sysctls.Add(record);
            else if (found == value && before?.Invoke(record) is { } older && older != found)
                sysctls.Add(record with { Before = older });
        }
        var addresses = new List<AddressRecord>(earlier.Addresses);
        foreach (var vip in desired.Vips.Where(v => !addresses.Any(a => a.Vip == v.ToString())))
            addresses.Add(new AddressRecord(vip.ToString(), host.HasVip(vip.Network)));

        var qdiscs = new List<QdiscRecord>(earlier.Qdiscs);
        foreach (var item in desired.At(Hook.Egress).Where(i => !qdiscs.Any(q => q.InterfaceIndex == i.Index)))
            qdiscs.Add(new QdiscRecord(item.Index, TcFilters.Qdisc(socket, item.Index) is not null));
        return earlier with
        {
            Sysctls = sysctls,
            Addresses = addresses,
            Qdiscs = qdiscs,
            Spec = desired.Spec,
            Interfaces = [.. desired.Interfaces.Select(static i => i.Index)],
            Programs = desired.Programs,
        };
    }

    /// <summary>Takes back what an earlier run made and this one does not name, then forgets it.</summary>
    private HostState RemoveUndesired(HostState state, DesiredState desired, HostInventory host)
    {
        var undo = new Undo(socket, host, log);
        bool HasFilter(Hook hook, int index) => desired.At(hook).Any(i => i.Index == index);
        bool IsListed(int index) => index == 0 || desired.Interfaces.Any(i => i.Index == index);
        bool IsDesired(AddressRecord a) => desired.Vips.Any(v => v.ToString() == a.Vip);

        foreach (var attached in AttachedFilter.FindOurs(socket, host.Interfaces).Where(f => !HasFilter(f.Hook, f.Interface.Index)))
            undo.Filter(attached);
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
