using System.Net;
using Sidestep.Agent.Programs;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>The settings of the kernel that the agent reads and changes, in its network namespace.</summary>
/// <remarks>For one thread. A change that the kernel rejects throws <see cref="Native.NativeException"/> or
/// <see cref="AgentException"/>.</remarks>
internal interface IHostKernel : IDisposable
{
    HostInventory ReadInventory();

    /// <summary>The value; null: there is no such sysctl, because the interface is gone or the kernel lacks the
    /// key.</summary>
    int? ReadSysctl(Sysctl setting);

    void WriteSysctl(Sysctl setting, int value);

    /// <summary>Adds a VIP to <c>lo</c>: IPv4 as /32 with scope host, IPv6 as /128, deprecated, without duplicate
    /// address detection.</summary>
    void AddVip(IPAddress vip);

    void RemoveAddress(InterfaceAddress address);

    /// <summary>Makes every address of a prefix local through <c>lo</c>.</summary>
    void AddLocalPrefix(IPNetwork prefix);

    void RemoveLocalPrefix(IPNetwork prefix);

    /// <summary>The addresses for which the kernel answers neighbour solicitations as a proxy; interface 0: on every
    /// interface.</summary>
    IReadOnlyList<(int InterfaceIndex, IPAddress Address)> NeighbourProxies();

    /// <summary>Kind of the qdisc that holds filters, <c>clsact</c> or <c>ingress</c>; null: there is none.</summary>
    string? Qdisc(int interfaceIndex);

    /// <summary>Adds the qdisc <c>clsact</c> unless the interface has one.</summary>
    void EnsureQdisc(int interfaceIndex);

    void RemoveQdisc(int interfaceIndex);

    IReadOnlyList<TcFilter> Filters(int interfaceIndex, Hook hook);

    /// <summary>Removes the filter at <see cref="AttachedFilter.Place"/>.</summary>
    void DetachFilter(int interfaceIndex, Hook hook);

    /// <summary>Loads the agent's programs.</summary>
    /// <param name="existing">The maps of attached programs: reused if their definitions are the same. Null:
    /// none.</param>
    IAgentPrograms LoadPrograms(AgentMaps? existing);

    /// <summary>Opens a program that is attached already.</summary>
    IAttachedProgram OpenProgram(uint id);
}
