using Sidestep.Agent.Host;

namespace Sidestep.Agent.Input;

/// <summary>Checks that this process has the capabilities and libraries that it needs.</summary>
internal static class HostEnvironment
{
    private const string RunAsRoot = "Run as root (sudo sidestep-agent ...).";

    /// <param name="privileges">Capabilities and libraries of the process.</param>
    /// <param name="changes">True: it will change the host.</param>
    /// <param name="bpf">True: it will load or look for BPF programs.</param>
    /// <param name="problems">Receives what is missing.</param>
    public static void Check(HostPrivileges privileges, bool changes, bool bpf, List<Problem> problems)
    {
        if (changes && !privileges.HasNetAdmin)
        {
            problems.Add(new Problem("CAP_NET_ADMIN", "",
                "is missing: addresses, sysctls and filters cannot be changed without it", RunAsRoot));
        }
        if (!bpf)
            return;
        // CAP_BPF suffices to load programs, but only CAP_SYS_ADMIN may open programs and maps by their id.
        if (!privileges.HasSysAdmin)
        {
            problems.Add(new Problem("CAP_SYS_ADMIN", "",
                "is missing: the agent's programs cannot be loaded or found without it", RunAsRoot));
        }
        if (!privileges.HasLibbpf)
        {
            problems.Add(new Problem("libbpf.so.1", "", "is not installed, and the agent's programs need it",
                "Install it: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora, RHEL)."));
        }
    }
}
