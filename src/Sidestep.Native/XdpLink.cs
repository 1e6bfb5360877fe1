using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A program attached to an interface by a BPF link: while the link is pinned or open, it stays
/// attached.</summary>
public sealed unsafe class XdpLink : IDisposable
{
    private readonly FileDescriptor _descriptor;

    private XdpLink(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Attaches a program (kernel 5.9 and newer).</summary>
    /// <param name="program">An XDP program.</param>
    /// <param name="interfaceIndex">The kernel's index.</param>
    /// <param name="native">True: in the driver. False: generic, in the network stack.</param>
    /// <exception cref="NativeException">EBUSY or EEXIST: another program is attached. EOPNOTSUPP or EINVAL: the driver
    /// does not support it.</exception>
    public static XdpLink Create(BpfProgram program, int interfaceIndex, bool native)
    {
        var options = new Libbpf.bpf_link_create_opts
        {
            sz = (nuint)sizeof(Libbpf.bpf_link_create_opts),
            flags = native ? Libbpf.XDP_FLAGS_DRV_MODE : Libbpf.XDP_FLAGS_SKB_MODE,
        };
        var descriptor = Libbpf.bpf_link_create(program.Descriptor, interfaceIndex, Libbpf.BPF_XDP, &options);
        return new XdpLink(new FileDescriptor(NativeException.Check(descriptor, "bpf_link_create (XDP)")));
    }

    /// <summary>Opens a pinned link; null when nothing is pinned there.</summary>
    public static XdpLink? OpenPinned(string path) => FileDescriptor.OpenPinned(path) is { } d ? new XdpLink(d) : null;

    /// <summary>Index of the interface it is attached to; 0 when that interface is gone.</summary>
    public int InterfaceIndex => (int)Info().xdp_ifindex;

    /// <summary>The kernel's id of the attached program.</summary>
    public uint ProgramId => Info().prog_id;

    /// <summary>Replaces the program; every packet sees the old one or the new one.</summary>
    public void Update(BpfProgram program) =>
        NativeException.Check(Libbpf.bpf_link_update(_descriptor.Value, program.Descriptor, null), "bpf_link_update");

    /// <summary>Detaches now, even if other processes hold the link.</summary>
    public void Detach() => NativeException.Check(Libbpf.bpf_link_detach(_descriptor.Value), "bpf_link_detach");

    /// <summary>Pins the link on a bpffs. A pin of that name is replaced.</summary>
    public void Pin(string path) => _descriptor.Pin(path);

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();

    private Libbpf.bpf_link_info Info()
    {
        Libbpf.bpf_link_info info = default;
        var length = (uint)sizeof(Libbpf.bpf_link_info);
        NativeException.Check(
            Libbpf.bpf_obj_get_info_by_fd(_descriptor.Value, &info, &length), "bpf_obj_get_info_by_fd (link)");
        return info;
    }
}

/// <summary>The XDP programs of an interface.</summary>
/// <param name="NativeProgramId">Id of the program in the driver; 0 for none.</param>
/// <param name="GenericProgramId">Id of the program in the network stack; 0 for none.</param>
public readonly record struct XdpState(uint NativeProgramId, uint GenericProgramId)
{
    /// <summary>Queries the kernel for the XDP programs that are attached to an interface now.</summary>
    public static unsafe XdpState Of(int interfaceIndex)
    {
        var options = new Libbpf.bpf_xdp_query_opts { sz = (nuint)sizeof(Libbpf.bpf_xdp_query_opts) };
        NativeException.Check(Libbpf.bpf_xdp_query(interfaceIndex, 0, &options), "bpf_xdp_query");
        return new XdpState(options.drv_prog_id, options.skb_prog_id);
    }
}
