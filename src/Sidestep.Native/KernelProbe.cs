using System.Globalization;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>What the running kernel's BPF can do. It is asked by trying, because distributions bring newer parts to older versions.</summary>
public static class KernelProbe
{
    private const int XdpProgramType = 6;

    /// <summary>Whether the kernel has a function that XDP programs may call.</summary>
    /// <param name="helper">Its number (BPF_FUNC_* of linux/bpf.h). Of one that only other types of programs may call, newer
    /// kernels make libbpf believe that it is there.</param>
    /// <exception cref="NativeException">It cannot be asked: privileges are missing.</exception>
    public static bool HasHelper(int helper) => NativeException.Check(
        Libbpf.libbpf_probe_bpf_helper(XdpProgramType, helper, 0),
        string.Create(CultureInfo.InvariantCulture, $"libbpf_probe_bpf_helper {helper}")) > 0;
}
