using System.Runtime.InteropServices;

namespace Sidestep.Native.Interop;

/// <summary>libbpf.so.1, named and typed as in its headers (bpf/libbpf.h, bpf/bpf.h of libbpf 1.1).</summary>
/// <remarks>Functions that return an int return a negative errno on failure; those that return a pointer return null
/// and set errno.</remarks>
internal static unsafe partial class Libbpf
{
    internal const string Library = "libbpf.so.1";

    [LibraryImport(Library)]
    internal static partial delegate* unmanaged<int, byte*, void*, int> libbpf_set_print(
        delegate* unmanaged<int, byte*, void*, int> fn);

    [LibraryImport(Library)]
    internal static partial int libbpf_probe_bpf_helper(int prog_type, int helper_id, nint opts);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(byte* obj_buf, nuint obj_buf_sz, bpf_object_open_opts* opts);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    [LibraryImport(Library)]
    internal static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial nint bpf_object__find_program_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(BpfObjectHandle obj, nint prev);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__type(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint max_entries);

    [LibraryImport(Library)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    [LibraryImport(Library)]
    internal static partial byte* bpf_map__initial_value(nint map, nuint* psize);

    [LibraryImport(Library)]
    internal static partial byte* bpf_program__name(nint prog);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint prog);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint prog, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_log_buf(nint prog, byte* log_buf, nuint log_size);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_pin(int fd, string pathname);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_get(string pathname);

    [LibraryImport(Library)]
    internal static partial int bpf_obj_get_info_by_fd(int bpf_fd, void* info, uint* info_len);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_next_key(int fd, void* key, void* next_key);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_test_run_opts(int prog_fd, bpf_test_run_opts* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_link_create(
        int prog_fd, int target_fd, uint attach_type, bpf_link_create_opts* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_bind_map(int prog_fd, int map_fd, void* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_link_update(int link_fd, int new_prog_fd, void* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_link_detach(int link_fd);

    [LibraryImport(Library)]
    internal static partial int bpf_xdp_query(int ifindex, int flags, bpf_xdp_query_opts* opts);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint ring_buffer__new(
        int map_fd, delegate* unmanaged<nint, void*, nuint, int> sample_cb, nint ctx, void* opts);

    [LibraryImport(Library)]
    internal static partial void ring_buffer__free(nint rb);

    [LibraryImport(Library)]
    internal static partial int ring_buffer__poll(nint rb, int timeout_ms);

    internal const uint BPF_XDP = 37;
    internal const uint XDP_FLAGS_SKB_MODE = 1 << 1;
    internal const uint XDP_FLAGS_DRV_MODE = 1 << 2;

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_object_open_opts
    {
        public nuint sz;
        public byte* object_name;
        public byte relaxed_maps;
        public byte* pin_root_path;
        public uint reserved;
        public byte* kconfig;
        public byte* btf_custom_path;
        public byte* kernel_log_buf;
        public nuint kernel_log_size;
        public uint kernel_log_level;
    }

    internal const uint BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_test_run_opts
    {
        public nuint sz;
        public void* data_in;
        public void* data_out;
        public uint data_size_in;
        public uint data_size_out;
        public void* ctx_in;
        public void* ctx_out;
        public uint ctx_size_in;
        public uint ctx_size_out;
        public uint retval;
        public int repeat;
        public uint duration;
        public uint flags;
        public uint cpu;
        public uint batch_size;
    }

    /// <summary>Options of bpf_link_create (bpf/bpf.h). XDP does not use the union of link types at the end.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_link_create_opts
    {
        public nuint sz;
        public uint flags;
        public void* iter_info;
        public uint iter_info_len;
        public uint target_btf_id;
        public ulong union0;
        public ulong union1;
        public ulong union2;
        public ulong union3;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_xdp_query_opts
    {
        public nuint sz;
        public uint prog_id;
        public uint drv_prog_id;
        public uint hw_prog_id;
        public uint skb_prog_id;
        public byte attach_mode;
    }

    /// <summary>The head of the kernel's struct bpf_map_info (linux/bpf.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_map_info
    {
        public uint type;
        public uint id;
        public uint key_size;
        public uint value_size;
        public uint max_entries;
        public uint map_flags;
        public fixed byte name[16];
    }

    /// <summary>The kernel's struct bpf_prog_info (linux/bpf.h), with the members that are used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_prog_info
    {
        public uint type;
        public uint id;
        public fixed byte tag[8];
        public uint jited_prog_len;
        public uint xlated_prog_len;
        public ulong jited_prog_insns;
        public ulong xlated_prog_insns;
        public ulong load_time;
        public uint created_by_uid;
        public uint nr_map_ids;
        public ulong map_ids;
        public fixed byte name[16];
        public fixed ulong others[17]; // from ifindex to recursion_misses
        public uint verified_insns;
        public uint attach_btf_obj_id;
        public ulong attach_btf_id;
    }

    /// <summary>The head of the kernel's struct bpf_link_info (linux/bpf.h), with the XDP member of its
    /// union.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_link_info
    {
        public uint type;
        public uint id;
        public uint prog_id;
        public uint pad;
        public uint xdp_ifindex;
        public uint rest0;
        public ulong rest1;
        public ulong rest2;
    }
}
