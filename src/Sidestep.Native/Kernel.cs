using System.Globalization;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Properties of the running kernel and of this process, and system calls that belong to no other
/// type.</summary>
public static unsafe class Kernel
{
    private const long BpfFsMagic = 0xcafe4a11;
    private const int MembarrierSyscallX64 = 324;
    private const int MembarrierSyscallArm64 = 283;
    private const int MembarrierGlobal = 1;
    private static readonly TimeSpan GracePeriodFallback = TimeSpan.FromMilliseconds(100);

    /// <summary>Version of the running kernel, e.g. 6.1.</summary>
    public static Version Release => Environment.OSVersion.Version;

    /// <summary>The capabilities that this process lacks to load and attach programs; empty when it has all.</summary>
    public static IReadOnlyList<string> MissingCapabilities()
    {
        var missing = new List<string>();
        if (!ProcessCapabilities.Has(Capability.NetAdmin))
            missing.Add("CAP_NET_ADMIN");
        if (!ProcessCapabilities.Has(Capability.SysAdmin))
        {
            if (!ProcessCapabilities.Has(Capability.Bpf))
                missing.Add("CAP_BPF");
            if (!ProcessCapabilities.Has(Capability.PerfMon))
                missing.Add("CAP_PERFMON");
        }
        return missing;
    }

    /// <summary>True if this process may not open packet sockets and AF_XDP sockets: CAP_NET_RAW is missing.</summary>
    public static bool LacksNetRaw => !ProcessCapabilities.Has(Capability.NetRaw);

    /// <summary>True if the kernel supports AF_XDP sockets.</summary>
    public static bool HasXdpSockets
    {
        get
        {
            var descriptor = Libc.socket(Libc.AF_XDP, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
            if (descriptor >= 0)
                _ = Libc.close(descriptor);
            return descriptor >= 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Libc.EAFNOSUPPORT;
        }
    }

    /// <summary>True if the dynamic loader finds libbpf.so.1.</summary>
    public static bool HasLibbpf => System.Runtime.InteropServices.NativeLibrary.TryLoad(
        Libbpf.Library, typeof(Kernel).Assembly, null, out _);

    /// <summary>Number of CPUs that could ever be online, which determines the size of per-CPU arrays.</summary>
    public static int PossibleCpus
    {
        get
        {
            var text = File.ReadAllText("/sys/devices/system/cpu/possible").Trim();
            return int.Parse(text.Split('-', ',')[^1], CultureInfo.InvariantCulture) + 1;
        }
    }

    /// <summary>Index of an interface of this network namespace; null when no interface has that name.</summary>
    public static int? InterfaceIndex(string name) =>
        Libc.if_nametoindex(name) is var index && index != 0 ? (int)index : null;

    /// <summary>Name of an interface of this network namespace; null when no interface has that index.</summary>
    public static string? InterfaceName(int index)
    {
        var name = stackalloc byte[16]; // IF_NAMESIZE
        return Libc.if_indextoname((uint)index, name) == null
            ? null
            : System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name);
    }

    /// <summary>Waits until every program run that began before the call has ended (synchronize_rcu, through
    /// membarrier(2)).</summary>
    public static void WaitForRunningPrograms()
    {
        var number = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? MembarrierSyscallArm64 : MembarrierSyscallX64;
        // Kernels that run with nohz_full and some seccomp filters refuse the call. A run lasts microseconds, and the
        // kernel limits the driver poll around it to two ticks or 2 ms. Waiting longer than that is enough.
        if (Libc.syscall(number, MembarrierGlobal, 0, 0) != 0)
            Thread.Sleep(GracePeriodFallback);
    }

    /// <summary>Ensures that a folder lies on a bpffs: creates it, and mounts a bpffs when there is none above
    /// it.</summary>
    /// <param name="path">Absolute path of the folder.</param>
    /// <param name="mountPoint">Where to mount if necessary, e.g. <c>/sys/fs/bpf</c>; equal to <paramref name="path"/>
    /// or above it.</param>
    /// <returns>True when a bpffs was mounted.</returns>
    public static bool EnsureBpfFs(string path, string mountPoint)
    {
        var mounted = false;
        Directory.CreateDirectory(mountPoint);
        if (!IsBpfFs(mountPoint))
        {
            if (Libc.mount("bpf", mountPoint, "bpf", 0, null) != 0)
                throw NativeException.OfLastError($"mount bpffs on {mountPoint}");
            mounted = true;
        }
        Directory.CreateDirectory(path);
        return mounted;
    }

    /// <summary>True if the path lies on a bpffs.</summary>
    public static bool IsBpfFs(string path)
    {
        var buffer = stackalloc byte[256];
        return Libc.statfs(path, buffer) == 0 && *(long*)buffer == BpfFsMagic;
    }

    /// <summary>Numbers of the CPUs that the calling thread may run on.</summary>
    public static IReadOnlyList<int> AllowedCpus
    {
        get
        {
            const string Field = "Cpus_allowed_list:";
            var line = File.ReadLines("/proc/thread-self/status")
                .First(static l => l.StartsWith(Field, StringComparison.Ordinal));
            return
            [
                .. line[Field.Length..].Trim().Split(',').SelectMany(static range =>
                {
                    var ends = Array.ConvertAll(
                        range.Split('-'), static e => int.Parse(e, CultureInfo.InvariantCulture));
                    return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
                }),
            ];
        }
    }

    /// <summary>Pins the calling thread to one CPU.</summary>
    public static void PinThread(int cpu)
    {
        var mask = stackalloc byte[128];
        mask[cpu / 8] = (byte)(1 << cpu % 8);
        if (Libc.sched_setaffinity(0, 128, mask) != 0)
            throw NativeException.OfLastError("sched_setaffinity");
    }

    /// <summary>Runs the calling thread before threads of ordinary programs, round robin with others of its class
    /// (SCHED_RR). Where that is not allowed, gives it the largest share among them (nice -20). Threads and processes
    /// that it starts are ordinary.</summary>
    /// <exception cref="NativeException">EPERM, EACCES: neither is allowed; CAP_SYS_NICE is missing.</exception>
    public static void PreferThread()
    {
        // linux/sched.h and sys/resource.h
        const int RoundRobin = 2, ResetOnFork = 0x40000000, ThisThread = 0, MostPreferred = -20;
        var lowest = 1;
        if (Libc.sched_setscheduler(0, RoundRobin | ResetOnFork, &lowest) != 0
            && Libc.setpriority(ThisThread, 0, MostPreferred) != 0)
            throw NativeException.OfLastError(
                "raise the thread's priority, which needs CAP_SYS_NICE (sched_setscheduler, setpriority)");
    }

    /// <summary>Moves the calling thread into another network namespace. Other threads of the process stay in
    /// theirs.</summary>
    /// <param name="path">A file that refers to the namespace, such as <c>/run/netns/NAME</c>.</param>
    public static void EnterNetworkNamespace(string path)
    {
        using var file = File.OpenHandle(path);
        if (Libc.setns((int)file.DangerousGetHandle(), Libc.CLONE_NEWNET) != 0)
            throw NativeException.OfLastError($"setns {path}");
    }
}
