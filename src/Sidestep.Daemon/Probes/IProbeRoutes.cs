using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Xdp;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>The policy rule and the routing table of marked probes. Every method throws <see cref="NativeException"/>
/// when the kernel refuses.</summary>
internal interface IProbeRoutes : IDisposable
{
    /// <summary>Adds or moves the default route of an address family, with its gateway and its rule.</summary>
    void Add(AddressFamily family, int interfaceIndex, IPAddress gateway);

    /// <summary>Creates what is missing of the rule, the route and the gateway.</summary>
    /// <returns>What was missing; empty: nothing.</returns>
    IReadOnlyList<string> Restore(AddressFamily family, int interfaceIndex, IPAddress gateway);

    /// <summary>Removes the rule and the route.</summary>
    void Remove(AddressFamily family, int interfaceIndex, IPAddress gateway);
}

/// <summary>The rule and the table by netlink.</summary>
internal sealed class NetlinkProbeRoutes : IProbeRoutes
{
    private const uint Table = 5150, Priority = 5150;

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    /// <summary>Locally administered. The probe filter replaces it, so that no frame leaves with it.</summary>
    private static ReadOnlySpan<byte> GatewayMac => [0x02, 0x00, 0x00, 0x00, 0x51, 0x50];

    public void Add(AddressFamily family, int interfaceIndex, IPAddress gateway)
    {
        DefaultGateways.Set(_socket, Table, interfaceIndex, gateway, GatewayMac);
        PolicyRules.Add(_socket, RuleOf(family));
    }

    public IReadOnlyList<string> Restore(AddressFamily family, int interfaceIndex, IPAddress gateway)
    {
        var (neighbour, route) = DefaultGateways.Restore(_socket, Table, interfaceIndex, gateway, GatewayMac);
        var rule = PolicyRules.Add(_socket, RuleOf(family));
        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        List<string> missing = [];
        if (rule)
            missing.Add($"the {name} policy rule {Priority}");
        if (route)
            missing.Add($"the {name} route of table {Table}");
        if (neighbour)
            missing.Add($"the neighbour {gateway}");
        return missing;
    }

    public void Remove(AddressFamily family, int interfaceIndex, IPAddress gateway)
    {
        PolicyRules.Remove(_socket, RuleOf(family));
        DefaultGateways.Remove(_socket, Table, interfaceIndex, gateway);
    }

    public void Dispose() => _socket.Dispose();

    private static MarkRule RuleOf(AddressFamily family) =>
        new(family, Priority, ProbeFilter.Mark, ProbeFilter.MarkMask, Table);
}
