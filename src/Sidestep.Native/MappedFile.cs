using System.Buffers;

namespace Sidestep.Native;

/// <summary>A file whose content is this process's memory: what is written there stays when the process dies at any moment, and the
/// next one finds it. It does not survive the machine.</summary>
public sealed unsafe class MappedFile : MemoryManager<byte>, IDisposable
{
    private readonly MappedMemory _memory;

    private MappedFile(MappedMemory memory) => _memory = memory;

    /// <summary>Opens a file of exactly that length, as an earlier process left it.</summary>
    /// <returns>Null: there is none of that length.</returns>
    /// <exception cref="NativeException">It cannot be mapped.</exception>
    public static MappedFile? TryOpen(string path, int length)
    {
        if (new FileInfo(path) is not { Exists: true } found || found.Length != length)
            return null;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return new MappedFile(MappedMemory.OfFile(file, length));
    }

    /// <summary>Makes the file anew, of zeroes, for this user alone. Its space is taken at once: a file system that is full must not end the process later.</summary>
    /// <exception cref="IOException">There is no room, or no right.</exception>
    /// <exception cref="NativeException">It cannot be mapped.</exception>
    public static MappedFile Create(string path, int length)
    {
        // Who still has the former file mapped keeps that.
        File.Delete(path);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, preallocationSize: length);
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
        // It does not move.
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
