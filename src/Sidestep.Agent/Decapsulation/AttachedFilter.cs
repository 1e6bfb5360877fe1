using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Decapsulation;

/// <summary>What an interface has at the place of our filter.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="Filter">Null: the place is free.</param>
internal sealed record AttachedFilter(InterfaceInfo Interface, TcFilter? Filter)
{
    /// <summary>Fixed, so that the filter is found again without a note of where it is. The priority is small enough to run
    /// before the filters that tc numbers by itself (from 49152 downwards); the handle is odd enough to be no accident.</summary>
    public static readonly TcPlace Place = new(213, 0x51de);

    public const string ProgramName = "decapsulate";

    public bool IsOurs => Filter is { Kind: "bpf" } && Filter.Name.StartsWith(ProgramName + ":", StringComparison.Ordinal);

    /// <summary>Another's filter is where ours goes: kind or name differ.</summary>
    public bool IsTaken => Filter is not null && !IsOurs;

    public static AttachedFilter Find(NetlinkSocket socket, InterfaceInfo item)
    {
        var filters = TcFilters.Ingress(socket, item.Index).Where(static f => f.Chain == 0 && f.Place.Priority == Place.Priority).ToList();
        // The kernel keeps one kind of classifier and one protocol per priority: another one there is in our way,
        // whatever its handle.
        return new AttachedFilter(item, filters.FirstOrDefault(static f => f.Place == Place)
            ?? filters.FirstOrDefault(static f => f.Kind != "bpf" || f.Protocol != TcFilter.AllProtocols));
    }

    /// <summary>The interfaces that have our filter, wished for or not.</summary>
    public static IReadOnlyList<AttachedFilter> FindOurs(NetlinkSocket socket, IEnumerable<InterfaceInfo> interfaces) =>
        [.. interfaces.Select(i => Find(socket, i)).Where(static f => f.IsOurs)];
}
