using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Takes single changes back: what is as the agent left it becomes what it was before; what someone else changed
/// since is said and stays.</summary>
internal sealed class Undo(NetlinkSocket socket, HostInventory host, Action<string> log)
{
    public void Filter(AttachedFilter attached)
    {
        attached.Detach();
        log($"{attached.Interface.Name}: filter {AttachedFilter.ProgramName(attached.Hook)} removed");
    }

    public void Qdisc(QdiscRecord record)
    {
        var index = record.InterfaceIndex;
        if (record.ExistedBefore || host.Interfaces.All(i => i.Index != index) || TcFilters.Qdisc(socket, index) != "clsact")
            return;
        if (TcFilters.Ingress(socket, index).Count + TcFilters.Egress(socket, index).Count > 0)
        {
            log($"{host.NameOf(index)}: qdisc clsact left alone, because it holds filters of someone else");
            return;
        }
        TcIngress.RemoveQdisc(index);
        log($"{host.NameOf(index)}: qdisc clsact removed");
    }

    public void Address(AddressRecord record)
    {
        var vip = PrefixText.Parse(record.Vip);
        if (record.ExistedBefore)
        {
            log($"{record.Vip}: left on lo, where it was before");
            return;
        }
        if (!PrefixText.IsSingle(vip))
        {
            if (!host.HasVip(vip))
                return;
            LocalPrefixes.Remove(socket, host.Loopback, vip);
            log($"{record.Vip}: no longer local by lo");
            return;
        }
        switch (host.OnLoopback(vip.BaseAddress))
        {
            case null:
                break;
            case { } ours when ours.Scope == AddressScope.Host || (ours.Address.AddressFamily == AddressFamily.InterNetworkV6 && !ours.IsUsable):
                InterfaceAddresses.Remove(socket, ours);
                log($"{record.Vip}: removed from lo");
                break;
            default:
                log($"{record.Vip}: left on lo, because someone else has put it there again since (as an address that the host may begin connections with)");
                break;
        }
    }

    public void Setting(SysctlRecord record)
    {
        var scope = Sysctl.All;
        if (record.InterfaceIndex != 0)
        {
            if (host.Interfaces.FirstOrDefault(i => i.Index == record.InterfaceIndex) is not { } item)
            {
                log($"{record.InterfaceName}: is gone, {record.Key} with it");
                return;
            }
            scope = item.Name;
        }
        var setting = new Sysctl(scope, record.Key);
        if (setting.TryRead() is not { } found || found == record.Before)
            return;
        if (found != record.Ours)
        {
            log($"{setting.Name}: left at {found}, because someone else has changed it since (before: {record.Before}, set by the agent: {record.Ours})");
            return;
        }
        setting.Write(record.Before);
        log($"{setting.Name}: {found} -> {record.Before}");
    }
}
