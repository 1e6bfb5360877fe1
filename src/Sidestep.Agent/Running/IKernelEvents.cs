using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Running;

/// <summary>Change notifications of the kernel.</summary>
internal interface IKernelEvents : IDisposable
{
    /// <summary>Waits for a notification. One call consumes a whole burst of them.</summary>
    /// <returns>False: none came within the time.</returns>
    bool Wait(TimeSpan timeout);
}

/// <summary>The notifications of rtnetlink: links, addresses, routes, filters, and the sysctls rp_filter, proxy_arp,
/// forwarding and proxy_ndp. The kernel does not notify changes of arp_ignore and arp_announce.</summary>
internal sealed class NetlinkEvents : IKernelEvents
{
    // RTMGRP_TC, RTNLGRP_IPV4_NETCONF (24) and RTNLGRP_IPV6_NETCONF (25) as bits
    private const uint Groups = Routes.EventMulticastGroups | 1 << 3 | 1u << 23 | 1u << 24;

    private const int MaxBurst = 4096;
    private readonly NetlinkSocket _socket = NetlinkSocket.Open(Groups);

    public bool Wait(TimeSpan timeout)
    {
        if (_socket.Receive(timeout) is null)
            return false;
        for (var i = 0; i < MaxBurst && _socket.Receive(TimeSpan.Zero) is { Count: > 0 }; i++)
        {
        }
        return true;
    }

    public void Dispose() => _socket.Dispose();
}
