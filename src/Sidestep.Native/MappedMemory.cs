using Microsoft.Win32.SafeHandles;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Mapped memory: shared with the kernel, backed by a file, or anonymous.</summary>
public sealed unsafe class MappedMemory : IDisposable
{
    private const nint MapFailed = -1;
    private readonly long _length;
    private byte* _address;

    private MappedMemory(byte* address, long length)
    {
        _address = address;
        _length = length;
    }

    /// <summary>Length of the mapped memory in bytes.</summary>
    public long Length => _length;

    /// <summary>A view of <paramref name="count"/> structures that begin at byte <paramref name="offset"/>.</summary>
    /// <remarks>The view is invalid after <see cref="Dispose"/>; do not keep it beyond the current call.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The view would extend beyond the memory.</exception>
    public Span<T> View<T>(long offset, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_address == null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (long)count * sizeof(T), _length);
        return new Span<T>(_address + offset, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_address == null)
            return;
        if (Libc.munmap(_address, (nuint)_length) != 0)
            throw NativeException.OfLastError("munmap");
        _address = null;
    }

    /// <summary>Address of the first byte.</summary>
    internal byte* Address => _address;

    internal static MappedMemory Anonymous(long length)
    {
        const int Flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_POPULATE;
        return Map(length, Libc.PROT_READ | Libc.PROT_WRITE, Flags, -1, 0, "memory for frames");
    }

    internal static MappedMemory OfSocket(FileDescriptor descriptor, long length, long offset)
    {
        const int Flags = Libc.MAP_SHARED | Libc.MAP_POPULATE;
        return Map(length, Libc.PROT_READ | Libc.PROT_WRITE, Flags, descriptor.Value, offset, "a ring");
    }

    internal static MappedMemory OfFile(SafeFileHandle file, long length) =>
        Map(length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, (int)file.DangerousGetHandle(), 0, "a file");

    internal static MappedMemory Of(FileDescriptor descriptor, long length, bool writable)
    {
        var page = Environment.SystemPageSize;
        length = (length + page - 1) / page * page;
        var protection = Libc.PROT_READ | (writable ? Libc.PROT_WRITE : 0);
        return Map(length, protection, Libc.MAP_SHARED, descriptor.Value, 0, "a BPF map");
    }

    private static MappedMemory Map(long length, int protection, int flags, int descriptor, long offset, string what)
    {
        var address = Libc.mmap(null, (nuint)length, protection, flags, descriptor, (nint)offset);
        return (nint)address == MapFailed
            ? throw NativeException.OfLastError($"mmap of {what}")
            : new MappedMemory(address, length);
    }
}
