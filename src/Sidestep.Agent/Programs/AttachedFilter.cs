using Sidestep.Agent.Host;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Programs;

/// <summary>A tc hook of an interface.</summary>
internal enum Hook
{
    /// <summary>Packets that the interface receives.</summary>
    Ingress,

    /// <summary>Packets that leave by the interface.</summary>
    Egress,
}

/// <summary>The filter that an interface has at the place of the agent's filter.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="Hook">Ingress or egress.</param>
/// <param name="Filter">Null: the place is free.</param>
internal sealed record AttachedFilter(InterfaceInfo Interface, Hook Hook, TcFilter? Filter)
{
    /// <summary>Position of the agent's filters. It is fixed, so that the agent finds its filter without a record of
    /// it. The priority is small enough to run before filters that tc numbers automatically (from 49152 downwards); the
    /// handle is unusual enough to be no coincidence.</summary>
    public static readonly TcFilterPosition Place = new(213, 0x51de);

    public static readonly Hook[] Hooks = [Hook.Ingress, Hook.Egress];

    public bool IsOurs => Filter is { Kind: "bpf" }
        && Filter.Name.StartsWith(ProgramName(Hook) + ":", StringComparison.Ordinal);

    /// <summary>True: a filter of another program occupies the place.</summary>
    public bool IsForeign => Filter is not null && !IsOurs;

    /// <summary>Name of the BPF program in src/bpf/agent/agent.bpf.c.</summary>
    public static string ProgramName(Hook hook) => hook == Hook.Ingress ? "decapsulate" : "reply";

    /// <summary>Selects the filter at the agent's place, or one that blocks the place.</summary>
    /// <param name="item">The interface.</param>
    /// <param name="hook">Ingress or egress.</param>
    /// <param name="all">All filters there.</param>
    /// <remarks>The kernel allows one kind of classifier and one protocol per priority: another kind or protocol at the
    /// same priority blocks the agent's filter, whatever its handle.</remarks>
    public static AttachedFilter Of(InterfaceInfo item, Hook hook, IEnumerable<TcFilter> all)
    {
        var filters = all.Where(static f => f.Chain == 0 && f.Position.Priority == Place.Priority).ToList();
        return new AttachedFilter(item, hook, filters.FirstOrDefault(static f => f.Position == Place)
            ?? filters.FirstOrDefault(static f => f.Kind != "bpf" || f.Protocol != TcFilter.AllProtocols));
    }

    public static AttachedFilter Find(IHostKernel kernel, InterfaceInfo item, Hook hook) =>
        Of(item, hook, kernel.Filters(item.Index, hook));

    /// <summary>The agent's filters on any of the interfaces, desired or not.</summary>
    public static IReadOnlyList<AttachedFilter> FindOurs(IHostKernel kernel, IEnumerable<InterfaceInfo> interfaces) =>
        [.. interfaces.SelectMany(i => Hooks.Select(h => Find(kernel, i, h))).Where(static f => f.IsOurs)];
}
