using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Kernel features that the program requires.</summary>
/// <remarks>XDP links (5.9) and maps bound to a program (5.10) are older than the newest of these features and need no
/// check.</remarks>
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
    [
        .. Needed.Where(static f => !KernelProbe.HasHelper(f.Helper))
            .Select(static f => $"{f.Name} (Linux {f.Since} has it)"),
    ]);

    /// <summary>The missing features by name, each with the kernel version that added it; empty when none is missing.
    /// Probed once, because the running kernel does not change.</summary>
    /// <exception cref="NativeException">Privileges are missing.</exception>
    internal static IReadOnlyList<string> Missing => Absent.Value;
}
