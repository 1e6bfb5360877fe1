using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Multicast;

/// <summary>The lists of multicast addresses that were added to interfaces (<c>ip maddress</c>).</summary>
internal interface IMulticastMacs
{
    /// <summary>All entries: name of the interface, and twelve hexadecimal digits in lower case.</summary>
    IReadOnlySet<(string Interface, string Mac)> List();

    /// <summary>Adds a multicast Ethernet address, so that the interface receives its frames.</summary>
    /// <returns>False: the entry exists already.</returns>
    /// <exception cref="NativeException">The kernel refused.</exception>
    bool Add(string interfaceName, ReadOnlySpan<byte> mac);

    /// <summary>Removes an entry; nothing happens when it does not exist.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    void Remove(string interfaceName, ReadOnlySpan<byte> mac);
}

/// <summary>The lists that the kernel keeps for its interfaces.</summary>
internal sealed class KernelMulticastMacs : IMulticastMacs
{
    public IReadOnlySet<(string Interface, string Mac)> List() => LinkMulticast.List();

    public bool Add(string interfaceName, ReadOnlySpan<byte> mac) => LinkMulticast.Add(interfaceName, mac);

    public void Remove(string interfaceName, ReadOnlySpan<byte> mac) => LinkMulticast.Remove(interfaceName, mac);
}
