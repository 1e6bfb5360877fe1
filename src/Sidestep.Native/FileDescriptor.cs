using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>An owned file descriptor.</summary>
internal sealed partial class FileDescriptor : SafeHandle
{
    internal FileDescriptor(int descriptor) : base(-1, true) => SetHandle(descriptor);

    public override bool IsInvalid => handle < 0;

    internal int Value => (int)handle;

    /// <summary>Duplicates a descriptor, because libbpf closes its own with the object file.</summary>
    internal static FileDescriptor Duplicate(int descriptor)
    {
        var copy = fcntl(descriptor, DuplicateCloseOnExec, 3);
        return copy >= 0 ? new FileDescriptor(copy) : throw NativeException.OfLastError("fcntl F_DUPFD_CLOEXEC");
    }

    /// <summary>Opens a pinned BPF object; null when nothing is pinned there.</summary>
    internal static FileDescriptor? OpenPinned(string path)
    {
        var descriptor = Libbpf.bpf_obj_get(path);
        if (descriptor == -Libc.ENOENT)
            return null;
        return new FileDescriptor(NativeException.Check(descriptor, $"bpf_obj_get {path}"));
    }

    /// <summary>Pins under a temporary name and renames the pin, so that the name always refers to one complete
    /// object.</summary>
    internal void Pin(string path)
    {
        var temporary = path + "_new";
        File.Delete(temporary);
        NativeException.Check(Libbpf.bpf_obj_pin(Value, temporary), $"bpf_obj_pin {path}");
        File.Move(temporary, path, overwrite: true);
    }

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;

    private const int DuplicateCloseOnExec = 1030;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int cmd, int arg);
}
