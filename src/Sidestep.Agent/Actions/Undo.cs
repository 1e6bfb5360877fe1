using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Actions;

/// <summary>Reverts single changes of the agent. What another program has changed since stays, and is logged.</summary>
internal sealed class Undo(IHostKernel kernel, HostInventory host, Action<string> log)
{
    public void Filter(AttachedFilter attached)
    {
        kernel.DetachFilter(attached.Interface.Index, attached.Hook);
        log($"{attached.Interface.Name}: filter {AttachedFilter.ProgramName(attached.Hook)} removed");
    }

    /// <summary>Removes the qdisc clsact if the agent added it and it holds no other filters.</summary>
    public void Qdisc(QdiscRecord record)
    {
        var index = record.InterfaceIndex;
        if (record.ExistedBefore || host.Interfaces.All(i => i.Index != index) || kernel.Qdisc(index) != "clsact")
            return;
        if (AttachedFilter.Hooks.Any(h => kernel.Filters(index, h).Count > 0))
        {
            log($"{host.NameOf(index)}: qdisc clsact not removed, because it holds filters of other programs");
            return;
        }
        kernel.RemoveQdisc(index);
        log($"{host.NameOf(index)}: qdisc clsact removed");
    }

    /// <summary>Removes a VIP or prefix from <c>lo</c>, unless it existed before the agent.</summary>
    public void Address(AddressRecord record)
    {
        var vip = PrefixText.Parse(record.Vip);
        if (record.ExistedBefore)
            log($"{record.Vip}: stays on lo, because it existed before the agent");
        else if (!vip.IsSingle())
            LocalPrefix(record, vip);
        else if (host.OnLoopback(vip.BaseAddress) is { } address)
            LoopbackAddress(record, address);
    }

    /// <summary>Writes the previous value of a sysctl, unless another program has changed it since.</summary>
    public void Setting(SysctlRecord record)
    {
        var scope = Sysctl.All;
        if (record.InterfaceIndex != 0)
        {
            if (host.Interfaces.FirstOrDefault(i => i.Index == record.InterfaceIndex) is not { } item)
            {
                log($"{record.InterfaceName}: no longer exists, so {record.Key} cannot be restored");
                return;
            }
            scope = item.Name;
        }
        var setting = new Sysctl(scope, record.Key);
        if (kernel.ReadSysctl(setting) is not { } found || found == record.Before)
            return;
        if (found != record.Ours)
        {
            log($"{setting.Name}: stays {found}, because another program has changed it since "
                + $"(before: {record.Before}, set by the agent: {record.Ours})");
            return;
        }
        kernel.WriteSysctl(setting, record.Before);
        log($"{setting.Name}: {found} -> {record.Before}");
    }

    private void LocalPrefix(AddressRecord record, System.Net.IPNetwork prefix)
    {
        if (!host.HasVip(prefix))
            return;
        kernel.RemoveLocalPrefix(prefix);
        log($"{record.Vip}: no longer local through lo");
    }

    /// <summary>The agent adds IPv4 with scope host and IPv6 deprecated: any other address was added by another
    /// program.</summary>
    private void LoopbackAddress(AddressRecord record, InterfaceAddress address)
    {
        var isIPv6 = address.Address.AddressFamily == AddressFamily.InterNetworkV6;
        if (address.Scope != AddressScope.Host && (!isIPv6 || address.IsUsable))
        {
            log($"{record.Vip}: stays on lo, because another program has added it again since, as a possible source "
                + "of the host's own connections");
            return;
        }
        kernel.RemoveAddress(address);
        log($"{record.Vip}: removed from lo");
    }
}
