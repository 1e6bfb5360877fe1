using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.Daemon.Probes;

/// <summary>The program that encapsulates marked probes as they leave an interface.</summary>
internal interface IProbeFilter : IDisposable
{
    /// <summary>Attaches the program to an interface, in place of one that an earlier run left.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    void Attach(int interfaceIndex);

    /// <summary>Detaches the program from an interface.</summary>
    /// <exception cref="NativeException">The kernel refused. The filters of a deleted interface are gone with
    /// it.</exception>
    void Detach(int interfaceIndex);
}

/// <summary>The program in the kernel.</summary>
internal sealed class KernelProbeFilter(ProbeFilter filter) : IProbeFilter
{
    public void Attach(int interfaceIndex) => filter.Attach(interfaceIndex);

    public void Detach(int interfaceIndex) => ProbeFilter.Detach(interfaceIndex);

    public void Dispose() => filter.Dispose();
}
