using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Programs;

/// <summary>The way in or the way out of an interface.</summary>
internal enum Hook
{
    Ingress,
    Egress,
}

/// <summary>What an interface has at the place of our filter.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="Hook">Which way.</param>
/// <param name="Filter">Null: the place is free.</param>
internal sealed record AttachedFilter(InterfaceInfo Interface, Hook Hook, TcFilter? Filter)
{
    /// <summary>Fixed, so that the filter is found again without a note of where it is. The priority is small enough to run
    /// before the filters that tc numbers by itself (from 49152 downwards); the handle is odd enough to be no accident.</summary>
    public static readonly TcFilterPosition Place = new(213, 0x51de);

    public static readonly Hook[] Hooks = [Hook.Ingress, Hook.Egress];

    public bool IsOurs => Filter is { Kind: "bpf" } && Filter.Name.StartsWith(ProgramName(Hook) + ":", StringComparison.Ordinal);

    /// <summary>Another's filter is where ours goes: kind or name differ.</summary>
    public bool IsForeign => Filter is not null && !IsOurs;

    public static string ProgramName(Hook hook) => hook == Hook.Ingress ? "decapsulate" : "reply";

    public static AttachedFilter Find(NetlinkSocket socket, InterfaceInfo item, Hook hook)
    {
        var filters = All(socket, item, hook).Where(static f => f.Chain == 0 && f.Position.Priority == Place.Priority).ToList();
        // The kernel keeps one kind of classifier and one protocol per priority: another one there is in our way,
        // whatever its handle.
        return new AttachedFilter(item, hook, filters.FirstOrDefault(static f => f.Position == Place)
            ?? filters.FirstOrDefault(static f => f.Kind != "bpf" || f.Protocol != TcFilter.AllProtocols));
    }

    public static IReadOnlyList<TcFilter> All(NetlinkSocket socket, InterfaceInfo item, Hook hook) =>
        hook == Hook.Ingress ? TcFilters.Ingress(socket, item.Index) : TcFilters.Egress(socket, item.Index);

    /// <summary>The interfaces that have our filter, wished for or not.</summary>
    public static IReadOnlyList<AttachedFilter> FindOurs(NetlinkSocket socket, IEnumerable<InterfaceInfo> interfaces) =>
        [.. interfaces.SelectMany(i => Hooks.Select(h => Find(socket, i, h))).Where(static f => f.IsOurs)];

    public void Detach()
    {
        if (Hook == Hook.Ingress)
            TcIngress.Detach(Interface.Index, Place);
        else
            TcEgress.Detach(Interface.Index, Place);
    }
}
