using System.Runtime.InteropServices;

namespace Sidestep.Native;

/// <summary>A call of the kernel or of a C library failed.</summary>
public class NativeException : Exception
{
    /// <summary>Describes a failed call by its errno.</summary>
    /// <param name="call">The call and its object, e.g. <c>bpf_obj_pin /sys/fs/bpf/x</c>.</param>
    /// <param name="errno">The positive errno.</param>
    public NativeException(string call, int errno)
        : base($"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>Describes a failed call with a message of its own.</summary>
    protected NativeException(string call, int errno, string message)
        : base(message)
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>The failed call and its object, such as <c>bpf_obj_pin /sys/fs/bpf/x</c>.</summary>
    public string Call { get; }

    /// <summary>The errno of the failed call (errno(3)); always positive.</summary>
    public int Errno { get; }

    /// <summary>True if the object does not exist (ENOENT).</summary>
    public bool IsNotFound => Errno == Interop.Libc.ENOENT;

    /// <summary>True if the object exists already or is in use (EEXIST, EBUSY).</summary>
    public bool IsBusy => Errno is Interop.Libc.EEXIST or Interop.Libc.EBUSY;

    /// <summary>True if the device or the kernel does not support the operation (EOPNOTSUPP, EINVAL).</summary>
    public bool IsNotSupported => Errno is Interop.Libc.EOPNOTSUPP or Interop.Libc.EINVAL;

    /// <summary>Creates the exception for the errno of the last call that set it.</summary>
    internal static NativeException OfLastError(string call) => new(call, Marshal.GetLastPInvokeError());

    /// <summary>Throws if <paramref name="result"/> is a negative errno, as libbpf returns it.</summary>
    internal static int Check(int result, string call) =>
        result >= 0 ? result : throw new NativeException(call, -result);
}

/// <summary>The verifier rejected a BPF program; the message ends with the last useful lines of its log.</summary>
/// <param name="program">Name of the program.</param>
/// <param name="errno">The positive errno of the load.</param>
/// <param name="log">The complete log of the verifier.</param>
public sealed class VerifierException(string program, int errno, string log)
    : NativeException($"load program {program}", errno,
        $"the kernel's verifier refused the program '{program}' (errno {errno}):\n{LastLines(log)}")
{
    private const int UsefulLines = 12;

    /// <summary>The complete log of the verifier.</summary>
    public string Log { get; } = log;

    /// <summary>The last lines of the log, without blank lines and the final statistics, which do not explain the
    /// error.</summary>
    private static string LastLines(string log)
    {
        var useful = log.Split('\n').Where(static l => l.Trim().Length > 0
            && !l.StartsWith("processed ", StringComparison.Ordinal)
            && !l.StartsWith("verification time", StringComparison.Ordinal)
            && !l.StartsWith("stack depth", StringComparison.Ordinal)).ToArray();
        return string.Join('\n', useful.TakeLast(UsefulLines).Select(static l => "    " + l));
    }
}
