using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>What of the kernel the program cannot do without.</summary>
/// <remarks>Links of XDP (5.9) and maps bound to a program (5.10) came before the newest of these, and are not asked for.</remarks>
internal static class KernelFeatures
{
    private static readonly (string Name, int Helper, string Since)[] Needed =
    [
        ("bpf_ringbuf_reserve", 131, "5.8"),
        ("bpf_ktime_get_coarse_ns", 160, "5.11"),
        ("bpf_loop", 181, "5.17"),
        ("bpf_xdp_load_bytes", 189, "5.18"),
    ];

    private static readonly Lazy<IReadOnlyList<string>> Absent = new(static () =>
        [.. Needed.Where(static f => !KernelProbe.HasHelper(f.Helper)).Select(static f => $"{f.Name} (Linux {f.Since} has it)")]);

    /// <summary>By name, each with the version that has it; empty when nothing is missing. Asked once: a kernel stays as it is.</summary>
    /// <exception cref="NativeException">Privileges are missing.</exception>
    internal static IReadOnlyList<string> Missing => Absent.Value;
}
