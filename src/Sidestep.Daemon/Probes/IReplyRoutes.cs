using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Xdp;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>The policy rule and the table by which the kernel validates the source of replies to probes. Every method
/// throws <see cref="NativeException"/> when the kernel refuses.</summary>
internal interface IReplyRoutes : IDisposable
{
    /// <inheritdoc cref="ReversePath.ModeOf"/>
    int ModeOf(string interfaceName);

    /// <summary>The route to an address by the other tables of this machine; null: none of type unicast or
    /// local.</summary>
    Route? Find(IPAddress address);

    /// <summary>The route by which the kernel validates a packet from an address, by all tables and rules of this
    /// machine, this one included; null: none of type unicast or local.</summary>
    Route? FindByAllRules(IPAddress address);

    /// <summary>Adds the route to a VIP by these interfaces.</summary>
    /// <returns>True if it was missing.</returns>
    bool Add(IPNetwork vip, IReadOnlyList<int> interfaces);

    /// <summary>Removes the route to a VIP.</summary>
    void Remove(IPNetwork vip);

    /// <summary>Adds the rule that leads to the table.</summary>
    /// <returns>True if it was missing.</returns>
    bool AddRule();

    /// <summary>Removes the rule.</summary>
    void RemoveRule();
}

/// <summary>The rule and the table by netlink.</summary>
internal sealed class NetlinkReplyRoutes : IReplyRoutes
{
    internal const uint Table = 5152;

    /// <summary>Marked like no probe, so that the rule below does not apply.</summary>
    private const uint OtherMark = ~ProbeFilter.Mark & ProbeFilter.MarkMask;

    /// <summary>The kernel looks up the route to a packet's source as if it sent a packet there: without a mark, and by
    /// <c>lo</c>.</summary>
    private static readonly MarkRule Rule =
        new(AddressFamily.InterNetwork, Table, 0, ProbeFilter.MarkMask, Table) { Ingress = "lo" };

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public int ModeOf(string interfaceName) => ReversePath.ModeOf(interfaceName);

    public Route? Find(IPAddress address) => Find(address, OtherMark);

    public Route? FindByAllRules(IPAddress address) => Find(address, 0);

    private Route? Find(IPAddress address, uint mark)
    {
        try
        {
            return Routes.Find(_socket, address, mark);
        }
        catch (NativeException)
        {
            return null;
        }
    }

    public bool Add(IPNetwork vip, IReadOnlyList<int> interfaces) => LinkRoutes.Add(_socket, Table, vip, interfaces);

    public void Remove(IPNetwork vip) => LinkRoutes.Remove(_socket, Table, vip);

    public bool AddRule() => PolicyRules.Add(_socket, Rule);

    public void RemoveRule() => PolicyRules.Remove(_socket, Rule);

    public void Dispose() => _socket.Dispose();
}
