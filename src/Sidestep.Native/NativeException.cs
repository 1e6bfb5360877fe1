using System.Runtime.InteropServices;

namespace Sidestep.Native;

/// <summary>A call into the kernel or a C library failed.</summary>
public class NativeException : Exception
{
    /// <summary>A failed call.</summary>
    /// <param name="call">What was being done, with its object: <c>bpf_obj_pin /sys/fs/bpf/x</c>.</param>
    /// <param name="errno">The positive errno.</param>
    public NativeException(string call, int errno)
        : base($"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>A failed call, with what a library said about it.</summary>
    protected NativeException(string call, int errno, string message)
        : base(message)
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>What was being done.</summary>
    public string Call { get; }

    /// <summary>The positive errno.</summary>
    public int Errno { get; }

    /// <summary>True when the object does not exist (ENOENT).</summary>
    public bool IsNotFound => Errno == Interop.Libc.ENOENT;

    /// <summary>True when it is there already or in use (EEXIST, EBUSY).</summary>
    public bool IsBusy => Errno is Interop.Libc.EEXIST or Interop.Libc.EBUSY;

    /// <summary>True when the device or kernel cannot do it (EOPNOTSUPP, EINVAL).</summary>
    public bool IsNotSupported => Errno is Interop.Libc.EOPNOTSUPP or Interop.Libc.EINVAL;

    /// <summary>Throws with the errno of the last call that set it.</summary>
    internal static NativeException OfLastError(string call) => new(call, Marshal.GetLastPInvokeError());

    /// <summary>Throws if <paramref name="result"/> is a negative errno, as libbpf returns it.</summary>
    internal static int Check(int result, string call) => result >= 0 ? result : throw new NativeException(call, -result);
}

/// <summary>The kernel refused a BPF program; the message ends with the verifier's last useful lines.</summary>
/// <param name="program">Name of the program.</param>
/// <param name="errno">The positive errno of the load.</param>
/// <param name="log">The verifier's whole log.</param>
public sealed class VerifierException(string program, int errno, string log)
    : NativeException($"load program {program}", errno, $"the kernel's verifier refused the program '{program}' (errno {errno}):\n{LastLines(log)}")
{
    private const int UsefulLines = 12;

    /// <summary>The verifier's whole log.</summary>
    public string Log { get; } = log;

    /// <summary>The statistics at the end of a log say nothing about the refusal, and neither do blank lines.</summary>
    private static string LastLines(string log)
    {
        var useful = log.Split('\n').Where(static l => l.Trim().Length > 0
            && !l.StartsWith("processed ", StringComparison.Ordinal)
            && !l.StartsWith("verification time", StringComparison.Ordinal)
            && !l.StartsWith("stack depth", StringComparison.Ordinal)).ToArray();
        return string.Join('\n', useful.TakeLast(UsefulLines).Select(static l => "    " + l));
    }
}
