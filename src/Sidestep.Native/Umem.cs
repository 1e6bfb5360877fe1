namespace Sidestep.Native;

/// <summary>Memory for frames that the kernel and one thread share (UMEM of AF_XDP): chunks of equal size, and a list
/// of the free ones.</summary>
public sealed unsafe class Umem : IDisposable
{
    /// <summary>Size of a chunk in bytes; a chunk holds one frame.</summary>
    public const int ChunkBytes = 4096;

    private readonly MappedMemory _memory;
    private readonly ulong[] _free;
    private int _count;

    /// <summary>Allocates the memory; all chunks are free.</summary>
    /// <param name="chunks">Number of chunks, each for one frame.</param>
    public Umem(int chunks)
    {
        _memory = MappedMemory.Anonymous((long)chunks * ChunkBytes);
        _free = new ulong[chunks];
        for (var i = chunks - 1; i >= 0; i--)
            _free[_count++] = (ulong)i * ChunkBytes;
    }

    /// <summary>Number of free chunks. The other chunks are in a ring, or the thread has taken them.</summary>
    public int Free => _count;

    internal byte* Address => _memory.Address;

    internal long Length => _memory.Length;

    /// <summary>Takes a free chunk; <c>chunk</c> receives its offset from the beginning of the memory, in
    /// bytes.</summary>
    /// <returns>False when no chunk is free.</returns>
    public bool TryTake(out ulong chunk)
    {
        if (_count == 0)
        {
            chunk = 0;
            return false;
        }
        chunk = _free[--_count];
        return true;
    }

    /// <summary>Makes a chunk free again.</summary>
    /// <param name="address">Offset of the chunk, or of any byte in it.</param>
    public void Return(ulong address) => _free[_count++] = address & ~(ulong)(ChunkBytes - 1);

    /// <summary>The whole chunk that contains an offset.</summary>
    public Span<byte> Chunk(ulong address) =>
        _memory.View<byte>((long)(address & ~(ulong)(ChunkBytes - 1)), ChunkBytes);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
