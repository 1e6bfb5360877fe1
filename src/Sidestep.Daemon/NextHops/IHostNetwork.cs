using System.Net;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The network configuration of this machine, as the kernel has it. Every method throws
/// <see cref="NativeException"/> when the kernel refuses.</summary>
internal interface IHostNetwork : IDisposable
{
    /// <summary>All interfaces, by index.</summary>
    IReadOnlyList<InterfaceInfo> Interfaces();

    /// <summary>All addresses, of IPv4 first, then of IPv6.</summary>
    IReadOnlyList<InterfaceAddress> Addresses();

    /// <summary>The route to a destination.</summary>
    Route FindRoute(IPAddress destination);

    /// <summary>The entries of the kernel's neighbour table, of both families.</summary>
    IReadOnlyList<Neighbour> Neighbours();

    /// <summary>Creates an entry in the neighbour table, if there is none, and has the kernel resolve it.</summary>
    void Resolve(int interfaceIndex, IPAddress neighbour);

    /// <summary>Enters an Ethernet address into the neighbour table as reachable.</summary>
    void Learn(int interfaceIndex, IPAddress neighbour, MacAddress mac);
}
