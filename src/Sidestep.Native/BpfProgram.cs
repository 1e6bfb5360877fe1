using System.Globalization;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A BPF program that the kernel's verifier has accepted, held by a file descriptor.</summary>
public sealed unsafe class BpfProgram : IDisposable
{
    private const int MaxMaps = 64;
    private const int LoopbackIndex = 1; // in every network namespace
    private readonly FileDescriptor _descriptor;

    internal BpfProgram(FileDescriptor descriptor) => _descriptor = descriptor;

    internal int Descriptor => _descriptor.Value;

    /// <summary>The kernel's id of the program; every load gets a new id.</summary>
    public uint Id => Info().id;

    /// <summary>The kernel's hash over the instructions, as 16 hexadecimal digits: equal for equal code.</summary>
    public string Tag
    {
        get
        {
            var info = Info();
            return Convert.ToHexStringLower(new ReadOnlySpan<byte>(info.tag, 8));
        }
    }

    /// <summary>Instructions that the verifier examined, over all paths through the program. The kernel stops at
    /// 1,000,000 and rejects the program. 0 before kernel 5.16.</summary>
    public uint VerifiedInstructions => Info().verified_insns;

    /// <summary>The program's C name, at most 15 characters.</summary>
    public string Name
    {
        get
        {
            var info = Info();
            return Marshal.PtrToStringUTF8((nint)info.name)!;
        }
    }

    /// <summary>Opens a pinned program; null when nothing is pinned there.</summary>
    public static BpfProgram? OpenPinned(string path) =>
        FileDescriptor.OpenPinned(path) is { } d ? new BpfProgram(d) : null;

    /// <summary>Opens a program by the kernel's id.</summary>
    public static BpfProgram OpenById(uint id) => new(new FileDescriptor(NativeException.Check(
        Libbpf.bpf_prog_get_fd_by_id(id),
        string.Create(CultureInfo.InvariantCulture, $"bpf_prog_get_fd_by_id {id}"))));

    /// <summary>Kernel ids of the maps that the program uses, at most 64.</summary>
    public IReadOnlyList<uint> MapIds()
    {
        var ids = stackalloc uint[MaxMaps];
        Libbpf.bpf_prog_info info = default;
        info.nr_map_ids = MaxMaps;
        info.map_ids = (ulong)ids;
        var length = (uint)sizeof(Libbpf.bpf_prog_info);
        NativeException.Check(
            Libbpf.bpf_obj_get_info_by_fd(Descriptor, &info, &length), "bpf_obj_get_info_by_fd (program)");
        return new ReadOnlySpan<uint>(ids, (int)Math.Min(info.nr_map_ids, MaxMaps)).ToArray();
    }

    /// <summary>Binds a map to the program although its code does not use the map. The kernel lists the map with the
    /// program, and keeps the map as long as the program (kernel 5.10).</summary>
    public void Bind(BpfMap map) =>
        NativeException.Check(Libbpf.bpf_prog_bind_map(Descriptor, map.Descriptor, null), "bpf_prog_bind_map");

    /// <summary>Pins the program on a bpffs. A pin of that name is replaced.</summary>
    public void Pin(string path) => _descriptor.Pin(path);

    /// <summary>Runs the program on a frame, without a network (BPF_PROG_TEST_RUN).</summary>
    /// <param name="frame">At least 14 bytes, starting with the Ethernet header.</param>
    /// <param name="output">Receives the frame after the last run.</param>
    /// <param name="repeat">Number of runs; each run starts from the frame that the previous run left.</param>
    /// <param name="ingressInterface">Index of the ingress interface that the program sees. Kernels before 5.15 accept
    /// only the loopback device and fail with EINVAL for others.</param>
    public TestRun Run(
        ReadOnlySpan<byte> frame, Span<byte> output, int repeat = 1, int ingressInterface = LoopbackIndex)
    {
        // Without a context, the ingress interface is the loopback device. Older kernels accept no context, so none is
        // passed where none is needed.
        var withContext = ingressInterface != LoopbackIndex;
        var context = new xdp_md { data_end = (uint)frame.Length, ingress_ifindex = (uint)ingressInterface };
        fixed (byte* input = frame, outputPointer = output)
        {
            var options = new Libbpf.bpf_test_run_opts
            {
                sz = (nuint)sizeof(Libbpf.bpf_test_run_opts),
                data_in = input,
                data_size_in = (uint)frame.Length,
                data_out = outputPointer,
                data_size_out = (uint)output.Length,
                ctx_in = withContext ? &context : null,
                ctx_size_in = withContext ? (uint)sizeof(xdp_md) : 0,
                repeat = repeat,
            };
            NativeException.Check(Libbpf.bpf_prog_test_run_opts(Descriptor, &options), "BPF_PROG_TEST_RUN");
            return new TestRun(options.retval, (int)options.data_size_out, options.duration);
        }
    }

    /// <summary>Generates frames and runs the program on each, as if it had arrived at an interface. The kernel carries
    /// out the action: XDP_TX sends through that interface (BPF_F_TEST_XDP_LIVE_FRAMES, kernel 5.18).</summary>
    /// <param name="frame">Initial content of every frame. The kernel reuses frames in the state in which they came
    /// back, so the program must write everything that may have changed.</param>
    /// <param name="count">Number of frames.</param>
    /// <param name="ingressInterface">Index of the interface in the calling thread's network namespace.</param>
    public void Send(ReadOnlySpan<byte> frame, int count, int ingressInterface)
    {
        var context = new xdp_md { data_end = (uint)frame.Length, ingress_ifindex = (uint)ingressInterface };
        fixed (byte* input = frame)
        {
            var options = new Libbpf.bpf_test_run_opts
            {
                sz = (nuint)sizeof(Libbpf.bpf_test_run_opts),
                data_in = input,
                data_size_in = (uint)frame.Length,
                ctx_in = &context,
                ctx_size_in = (uint)sizeof(xdp_md),
                repeat = count,
                flags = Libbpf.BPF_F_TEST_XDP_LIVE_FRAMES,
            };
            NativeException.Check(
                Libbpf.bpf_prog_test_run_opts(Descriptor, &options), "BPF_PROG_TEST_RUN (live frames)");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();

    private Libbpf.bpf_prog_info Info()
    {
        Libbpf.bpf_prog_info info = default;
        var length = (uint)sizeof(Libbpf.bpf_prog_info);
        NativeException.Check(
            Libbpf.bpf_obj_get_info_by_fd(Descriptor, &info, &length), "bpf_obj_get_info_by_fd (program)");
        return info;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct xdp_md
    {
        public uint data;
        public uint data_end;
        public uint data_meta;
        public uint ingress_ifindex;
        public uint rx_queue_index;
        public uint egress_ifindex;
    }
}

/// <summary>The result of a test run.</summary>
/// <param name="ReturnValue">The program's return value, e.g. an XDP action.</param>
/// <param name="Length">Length of the resulting frame in bytes.</param>
/// <param name="NanosecondsPerRun">Mean duration of a run, in nanoseconds.</param>
public readonly record struct TestRun(uint ReturnValue, int Length, uint NanosecondsPerRun);
