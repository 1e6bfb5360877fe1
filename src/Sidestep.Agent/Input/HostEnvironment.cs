using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.Agent.Input;

/// <summary>What the process needs besides its options.</summary>
internal static class HostEnvironment
{
    public static void Check(bool changes, bool bpf, List<Problem> problems)
    {
        if (changes && !ProcessCapabilities.Has(Capability.NetAdmin))
            problems.Add(new Problem("CAP_NET_ADMIN", "", "is missing: addresses, sysctls and filters cannot be changed without it",
                "Run as root (sudo sidestep-agent ...)."));
        if (!bpf)
            return;
        // CAP_BPF would do for loading, but the kernel lets only CAP_SYS_ADMIN open programs and maps by their id.
        if (!ProcessCapabilities.Has(Capability.SysAdmin))
            problems.Add(new Problem("CAP_SYS_ADMIN", "", "is missing: the agent's programs cannot be loaded or found without it",
                "Run as root (sudo sidestep-agent ...)."));
        if (NativeLibrary.TryLoad("libbpf.so.1", out var library))
            NativeLibrary.Free(library);
        else
            problems.Add(new Problem("libbpf.so.1", "", "is not installed, and the agent's programs need it",
                "Install it: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora, RHEL)."));
    }
}
