using System.Globalization;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Probes the running kernel for BPF features. It tries each feature instead of comparing versions, because
/// distributions backport newer features to older versions.</summary>
public static class KernelProbe
{
    private const int XdpProgramType = 6;

    /// <summary>True if XDP programs may call the kernel helper with this number (enum bpf_func_id).</summary>
    /// <param name="helper">Number of the helper (BPF_FUNC_* of linux/bpf.h). For a helper that only other program
    /// types may call, libbpf reports true on newer kernels.</param>
    /// <exception cref="NativeException">The probe itself failed: privileges are missing.</exception>
    public static bool HasHelper(int helper) => NativeException.Check(
        Libbpf.libbpf_probe_bpf_helper(XdpProgramType, helper, 0),
        string.Create(CultureInfo.InvariantCulture, $"libbpf_probe_bpf_helper {helper}")) > 0;
}
