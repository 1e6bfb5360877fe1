using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>BPF programs at the tc egress of an interface, in the qdisc that <see cref="TcIngress.EnsureQdisc"/>
/// creates.</summary>
public static unsafe class TcEgress
{
    /// <summary>Attaches a program. It stays attached after this process ends.</summary>
    /// <param name="interfaceIndex">The kernel's index.</param>
    /// <param name="program">A program of type sched_cls.</param>
    /// <param name="position">Priority and handle; neither may be 0.</param>
    /// <param name="replace">True: replaces the filter at this position; every packet sees the old or the new one.
    /// False: fails when the position is occupied.</param>
    public static void Attach(int interfaceIndex, BpfProgram program, TcFilterPosition position, bool replace)
    {
        ArgumentNullException.ThrowIfNull(program);
        LibbpfLog.Install();
        LibbpfLog.Clear();
        var hook = Hook(interfaceIndex);
        var options = Options(position);
        options.prog_fd = program.Descriptor;
        options.flags = replace ? Libbpf.BPF_TC_F_REPLACE : 0;
        var result = Libbpf.bpf_tc_attach(&hook, &options);
        if (result < 0)
            throw new LibbpfException(
                $"attach a tc filter to the egress of interface {interfaceIndex}", -result, LibbpfLog.Text());
    }

    /// <summary>Removes the filter at a position.</summary>
    public static void Detach(int interfaceIndex, TcFilterPosition position)
    {
        LibbpfLog.Install();
        LibbpfLog.Clear();
        var hook = Hook(interfaceIndex);
        var options = Options(position);
        var result = Libbpf.bpf_tc_detach(&hook, &options);
        if (result < 0)
            throw new LibbpfException(
                $"detach the tc filter at the egress of interface {interfaceIndex}", -result, LibbpfLog.Text());
    }

    private static Libbpf.bpf_tc_hook Hook(int interfaceIndex) =>
        new()
        {
            sz = (nuint)sizeof(Libbpf.bpf_tc_hook),
            ifindex = interfaceIndex,
            attach_point = Libbpf.BPF_TC_EGRESS,
        };

    private static Libbpf.bpf_tc_opts Options(TcFilterPosition position) =>
        new() { sz = (nuint)sizeof(Libbpf.bpf_tc_opts), priority = position.Priority, handle = position.Handle };
}
