using Sidestep.Engine.Xdp;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>The program that encapsulates marked probes as they leave an interface.</summary>
internal interface IProbeFilter : IDisposable
{
    /// <summary>Attaches the program to an interface, in place of one that an earlier run left.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    void Attach(int interfaceIndex);

    /// <summary>Attaches the program again if it is not there.</summary>
    /// <returns>True if it was not.</returns>
    /// <exception cref="NativeException">The kernel refused.</exception>
    bool Restore(int interfaceIndex);

    /// <summary>Detaches the program from an interface.</summary>
    /// <exception cref="NativeException">The kernel refused. The filters of a deleted interface are gone with
    /// it.</exception>
    void Detach(int interfaceIndex);
}

/// <summary>The program in the kernel.</summary>
internal sealed class KernelProbeFilter(ProbeFilter filter) : IProbeFilter
{
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public void Attach(int interfaceIndex) => filter.Attach(interfaceIndex);

    public bool Restore(int interfaceIndex)
    {
        if (ProbeFilter.IsAttached(_socket, interfaceIndex))
            return false;
        filter.Attach(interfaceIndex);
        return true;
    }

    public void Detach(int interfaceIndex) => ProbeFilter.Detach(interfaceIndex);

    public void Dispose()
    {
        _socket.Dispose();
        filter.Dispose();
    }
}
