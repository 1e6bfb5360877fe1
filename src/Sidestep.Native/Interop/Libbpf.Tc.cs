using System.Runtime.InteropServices;

namespace Sidestep.Native.Interop;

/// <summary>The part of libbpf that attaches programs to traffic control (bpf/libbpf.h).</summary>
internal static unsafe partial class Libbpf
{
    [LibraryImport(Library)]
    internal static partial int bpf_tc_hook_create(bpf_tc_hook* hook);

    [LibraryImport(Library)]
    internal static partial int bpf_tc_hook_destroy(bpf_tc_hook* hook);

    [LibraryImport(Library)]
    internal static partial int bpf_tc_attach(bpf_tc_hook* hook, bpf_tc_opts* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_tc_detach(bpf_tc_hook* hook, bpf_tc_opts* opts);

    internal const int BPF_TC_INGRESS = 1;
    internal const int BPF_TC_EGRESS = 2;
    internal const uint BPF_TC_F_REPLACE = 1;

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_tc_hook
    {
        public nuint sz;
        public int ifindex;
        public int attach_point;
        public uint parent;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_tc_opts
    {
        public nuint sz;
        public int prog_fd;
        public uint flags;
        public uint prog_id;
        public uint handle;
        public uint priority;
    }
}
