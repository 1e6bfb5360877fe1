using System.Buffers;

namespace Sidestep.Native;

/// <summary>A file that is mapped as memory of this process. The content survives the death of the process at any
/// moment, and the next process finds it. It does not survive a reboot of the machine.</summary>
public sealed unsafe class MappedFile : MemoryManager<byte>, IDisposable
{
    private readonly MappedMemory _memory;

    private MappedFile(MappedMemory memory) => _memory = memory;

    /// <summary>Opens a file of exactly that length, as an earlier process left it.</summary>
    /// <returns>Null when no file of that length exists.</returns>
    /// <exception cref="NativeException">The file cannot be mapped.</exception>
    public static MappedFile? TryOpen(string path, int length)
    {
        if (new FileInfo(path) is not { Exists: true } found || found.Length != length)
            return null;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return new MappedFile(MappedMemory.OfFile(file, length));
    }

    /// <summary>Creates the file, filled with zeros and readable by this user only; an existing file is replaced. Its
    /// space is allocated at once: a full file system must not end the process later.</summary>
    /// <exception cref="IOException">The file system is full, or access is denied.</exception>
    /// <exception cref="NativeException">The file cannot be mapped.</exception>
    public static MappedFile Create(string path, int length)
    {
        // A process that still maps the previous file keeps that file.
        File.Delete(path);
        using var file = File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, preallocationSize: length);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        RandomAccess.SetLength(file, length);
        return new MappedFile(MappedMemory.OfFile(file, length));
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => _memory.View<byte>(0, (int)_memory.Length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(_memory.Address + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
        // The memory never moves.
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Dispose();
    }
}
