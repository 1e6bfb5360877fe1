using System.Globalization;

namespace Sidestep.Native;

/// <summary>The effective capabilities of this process (capabilities(7)).</summary>
public static class ProcessCapabilities
{
    /// <summary>True if the process has the capability.</summary>
    public static bool Has(Capability capability)
    {
        var line = File.ReadLines("/proc/self/status")
            .First(static l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = ulong.Parse(
            line.AsSpan(7).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return (effective & 1ul << (int)capability) != 0;
    }
}

/// <summary>Capabilities, with the kernel's numbers.</summary>
public enum Capability
{
    /// <summary>CAP_NET_ADMIN: addresses, sysctls of the network, qdiscs, filters.</summary>
    NetAdmin = 12,

    /// <summary>CAP_NET_RAW: packet sockets, AF_XDP sockets.</summary>
    NetRaw = 13,

    /// <summary>CAP_SYS_ADMIN: among others, opening BPF programs and maps by their id.</summary>
    SysAdmin = 21,

    /// <summary>CAP_PERFMON: BPF programs that read kernel memory through pointers (kernel 5.8).</summary>
    PerfMon = 38,

    /// <summary>CAP_BPF: loading programs and creating maps (kernel 5.8).</summary>
    Bpf = 39,
}
