using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A file whose content is this process's memory: what is written there stays when the process dies at any moment, and the
/// next one finds it. It does not survive the machine.</summary>
public sealed unsafe class MappedFile : MemoryManager<byte>
{
    private const nint MapFailed = -1;
    private readonly int _length;
    private byte* _address;

    private MappedFile(byte* address, int length)
    {
        _address = address;
        _length = length;
    }

    /// <summary>Opens a file of exactly that length, as an earlier process left it.</summary>
    /// <returns>Null: there is none of that length.</returns>
    /// <exception cref="NativeException">It cannot be mapped.</exception>
    public static MappedFile? TryOpen(string path, int length)
    {
        if (new FileInfo(path) is not { Exists: true } found || found.Length != length)
            return null;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return Map(file, length);
    }

    /// <summary>Makes the file anew, of zeroes, for this user alone. Its space is taken at once: a file system that is full must not end the process later.</summary>
    /// <exception cref="IOException">There is no room, or no right.</exception>
    /// <exception cref="NativeException">It cannot be mapped.</exception>
    public static MappedFile Create(string path, int length)
    {
        // Who still has the former file mapped keeps that.
        File.Delete(path);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, preallocationSize: length);
        ForOwner(file);
        RandomAccess.SetLength(file, length);
        return Map(file, length);
    }

    /// <summary>Nobody else may read it, or write.</summary>
    public static void ForOwner(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_address == null, this);
        return new Span<byte>(_address, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(_address + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It does not move.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_address == null)
            return;
        if (Libc.munmap(_address, (nuint)_length) != 0 && disposing)
            throw NativeException.OfLastError("munmap");
        _address = null;
    }

    private static MappedFile Map(SafeFileHandle file, int length)
    {
        var address = Libc.mmap(null, (nuint)length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, (int)file.DangerousGetHandle(), 0);
        return (nint)address == MapFailed ? throw NativeException.OfLastError("mmap of a file") : new MappedFile(address, length);
    }
}
