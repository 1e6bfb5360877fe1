using System.Runtime.InteropServices;

namespace Sidestep.Native;

/// <summary>The producer side of a ring of fixed size in shared memory (AF_XDP: fill and transmit). Positions are
/// 32-bit counters that wrap around. Entries become visible to the consumer with <see cref="Publish"/>. One thread at a
/// time.</summary>
/// <typeparam name="T">Type of an entry.</typeparam>
public sealed unsafe class RingProducer<T> where T : unmanaged
{
    private const uint NeedWakeup = 1;

    private readonly uint* _producer, _consumer, _flags;
    private readonly T* _items;
    private readonly uint _size;
    private uint _next, _limit;

    internal RingProducer(uint* producer, uint* consumer, uint* flags, T* items, uint size)
    {
        _producer = producer;
        _consumer = consumer;
        _flags = flags;
        _items = items;
        _size = size;
        _next = *producer;
        _limit = *consumer + size;
    }

    /// <summary>True if the consumer sleeps and must be woken after <see cref="Publish"/>.</summary>
    public bool NeedsWakeup => (Volatile.Read(ref *_flags) & NeedWakeup) != 0;

    /// <summary>True if the consumer has released every published entry.</summary>
    public bool IsDrained => Volatile.Read(ref *_consumer) == *_producer;

    /// <summary>Adds an entry, which the consumer does not see before <see cref="Publish"/>.</summary>
    /// <returns>False when the ring is full.</returns>
    public bool TryAdd(T item)
    {
        if (_next == _limit)
        {
            _limit = Volatile.Read(ref *_consumer) + _size;
            if (_next == _limit)
                return false;
        }
        _items[_next & _size - 1] = item;
        _next++;
        return true;
    }

    /// <summary>Makes the added entries visible to the consumer.</summary>
    /// <returns>False when nothing was added.</returns>
    public bool Publish()
    {
        if (*_producer == _next)
            return false;
        Volatile.Write(ref *_producer, _next);
        return true;
    }
}

/// <summary>The consumer side of such a ring (AF_XDP: receive and completion). Entries that were taken return to the
/// producer with <see cref="Release"/>. One thread at a time.</summary>
/// <typeparam name="T">Type of an entry.</typeparam>
public sealed unsafe class RingConsumer<T> where T : unmanaged
{
    private readonly uint* _producer, _consumer;
    private readonly T* _items;
    private readonly uint _size;
    private uint _next, _limit;

    internal RingConsumer(uint* producer, uint* consumer, T* items, uint size)
    {
        _producer = producer;
        _consumer = consumer;
        _items = items;
        _size = size;
        _next = _limit = *consumer;
    }

    /// <summary>Takes the oldest entry that the producer has published.</summary>
    /// <returns>False when the ring is empty.</returns>
    public bool TryTake(out T item)
    {
        if (_next == _limit)
        {
            _limit = Volatile.Read(ref *_producer);
            if (_next == _limit)
            {
                item = default;
                return false;
            }
        }
        item = _items[_next & _size - 1];
        _next++;
        return true;
    }

    /// <summary>Returns the taken entries to the producer.</summary>
    public void Release() => Volatile.Write(ref *_consumer, _next);
}

/// <summary>Producer and consumer of a ring in memory of this process. The kernel is one of the two sides of every real
/// ring, so this is for tests.</summary>
/// <typeparam name="T">Type of an entry.</typeparam>
internal sealed unsafe class RingPair<T> : IDisposable where T : unmanaged
{
    private readonly byte* _memory;

    /// <summary>Creates an empty ring and both its sides.</summary>
    /// <param name="size">A power of two.</param>
    /// <param name="position">Initial position of both sides; close to 2^32 the counters wrap around.</param>
    public RingPair(int size, uint position = 0)
    {
        const int Line = 64;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(3 * Line + size * sizeof(T)), Line);
        uint* producer = (uint*)_memory, consumer = (uint*)(_memory + Line), flags = (uint*)(_memory + 2 * Line);
        (*producer, *consumer, *flags) = (position, position, 0);
        Producer = new RingProducer<T>(producer, consumer, flags, (T*)(_memory + 3 * Line), (uint)size);
        Consumer = new RingConsumer<T>(producer, consumer, (T*)(_memory + 3 * Line), (uint)size);
    }

    /// <summary>The side of the ring that adds entries.</summary>
    public RingProducer<T> Producer { get; }

    /// <summary>The side of the ring that takes entries.</summary>
    public RingConsumer<T> Consumer { get; }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
