using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>BPF programs at the tc ingress of an interface: qdisc <c>clsact</c>, classifier <c>bpf</c>, direct
/// action.</summary>
public static unsafe class TcIngress
{
    /// <summary>Ensures that the interface has a qdisc for ingress filters.</summary>
    /// <returns>True when the qdisc was created; false when one (<c>clsact</c> or <c>ingress</c>) existed.</returns>
    public static bool EnsureQdisc(int interfaceIndex)
    {
        LibbpfLog.Install();
        var hook = Hook(interfaceIndex, Libbpf.BPF_TC_INGRESS);
        var result = Libbpf.bpf_tc_hook_create(&hook);
        if (result == -Libc.EEXIST)
            return false;
        NativeException.Check(result, $"create qdisc clsact on interface {interfaceIndex}");
        return true;
    }

    /// <summary>Removes the qdisc <c>clsact</c> with every filter in it, ingress and egress.</summary>
    public static void RemoveQdisc(int interfaceIndex)
    {
        LibbpfLog.Install();
        var hook = Hook(interfaceIndex, Libbpf.BPF_TC_INGRESS | Libbpf.BPF_TC_EGRESS);
        NativeException.Check(Libbpf.bpf_tc_hook_destroy(&hook), $"remove qdisc clsact of interface {interfaceIndex}");
    }

    /// <summary>Attaches a program. It stays attached after this process ends.</summary>
    /// <param name="interfaceIndex">The kernel's index.</param>
    /// <param name="program">A program of type sched_cls.</param>
    /// <param name="position">Priority and handle; neither may be 0.</param>
    /// <param name="replace">True: replaces the filter at this position; every packet sees the old or the new one.
    /// False: fails when the position is occupied.</param>
    public static void Attach(int interfaceIndex, BpfProgram program, TcFilterPosition position, bool replace)
    {
        LibbpfLog.Install();
        LibbpfLog.Clear();
        var hook = Hook(interfaceIndex, Libbpf.BPF_TC_INGRESS);
        var options = Options(position);
        options.prog_fd = program.Descriptor;
        options.flags = replace ? Libbpf.BPF_TC_F_REPLACE : 0;
        var result = Libbpf.bpf_tc_attach(&hook, &options);
        if (result < 0)
            throw new LibbpfException($"attach a tc filter to interface {interfaceIndex}", -result, LibbpfLog.Text());
    }

    /// <summary>Removes the filter at a position.</summary>
    public static void Detach(int interfaceIndex, TcFilterPosition position)
    {
        LibbpfLog.Install();
        LibbpfLog.Clear();
        var hook = Hook(interfaceIndex, Libbpf.BPF_TC_INGRESS);
        var options = Options(position);
        var result = Libbpf.bpf_tc_detach(&hook, &options);
        if (result < 0)
            throw new LibbpfException($"detach the tc filter of interface {interfaceIndex}", -result, LibbpfLog.Text());
    }

    private static Libbpf.bpf_tc_hook Hook(int interfaceIndex, int attachPoint) =>
        new() { sz = (nuint)sizeof(Libbpf.bpf_tc_hook), ifindex = interfaceIndex, attach_point = attachPoint };

    private static Libbpf.bpf_tc_opts Options(TcFilterPosition position) =>
        new() { sz = (nuint)sizeof(Libbpf.bpf_tc_opts), priority = position.Priority, handle = position.Handle };
}

/// <summary>Position of a filter among those of a hook.</summary>
/// <param name="Priority">Filters with a smaller priority run earlier; tc calls it <c>pref</c>.</param>
/// <param name="Handle">Distinguishes filters of the same priority.</param>
public readonly record struct TcFilterPosition(ushort Priority, uint Handle);
