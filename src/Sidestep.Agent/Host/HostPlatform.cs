using System.Runtime.InteropServices;
using Sidestep.Agent.Running;
using Sidestep.Native;

namespace Sidestep.Agent.Host;

/// <summary>The operating system as the agent uses it: one implementation for Linux, another for unit tests.</summary>
internal interface IHostPlatform
{
    HostPrivileges Privileges { get; }

    IHostKernel OpenKernel();

    IKernelEvents OpenEvents();

    IReportSource OpenReportSource();
}

/// <summary>The capabilities of this process (capabilities(7)), and the presence of libbpf.</summary>
/// <param name="HasNetAdmin">It has CAP_NET_ADMIN.</param>
/// <param name="HasSysAdmin">It has CAP_SYS_ADMIN.</param>
/// <param name="HasLibbpf">libbpf.so.1 can be loaded.</param>
internal readonly record struct HostPrivileges(bool HasNetAdmin, bool HasSysAdmin, bool HasLibbpf);

/// <summary>The Linux host that this process runs on.</summary>
internal sealed class LinuxPlatform : IHostPlatform
{
    public HostPrivileges Privileges => new(
        ProcessCapabilities.Has(Capability.NetAdmin), ProcessCapabilities.Has(Capability.SysAdmin), CanLoadLibbpf());

    public IHostKernel OpenKernel() => new LinuxKernel();

    public IKernelEvents OpenEvents() => new NetlinkEvents();

    public IReportSource OpenReportSource() => new LinuxReportSource();

    private static bool CanLoadLibbpf()
    {
        if (!NativeLibrary.TryLoad("libbpf.so.1", out var library))
            return false;
        NativeLibrary.Free(library);
        return true;
    }
}
