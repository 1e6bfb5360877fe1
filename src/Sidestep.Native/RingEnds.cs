using System.Runtime.InteropServices;

namespace Sidestep.Native;

/// <summary>The writing end of a ring of fixed size in memory that both sides see (AF_XDP: fill and transmit). Positions count on and
/// on; what was added is the other side's with <see cref="Publish"/>. One thread at a time.</summary>
/// <typeparam name="T">What it carries.</typeparam>
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

    /// <summary>The other side sleeps, and is to be woken after <see cref="Publish"/>.</summary>
    public bool NeedsWakeup => (Volatile.Read(ref *_flags) & NeedWakeup) != 0;

    /// <summary>The other side has taken everything that was published.</summary>
    public bool IsDrained => Volatile.Read(ref *_consumer) == *_producer;

    /// <summary>Adds one.</summary>
    /// <returns>False: the ring is full.</returns>
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

    /// <summary>Lets the other side see what was added.</summary>
    /// <returns>False: nothing was.</returns>
    public bool Publish()
    {
        if (*_producer == _next)
            return false;
        Volatile.Write(ref *_producer, _next);
        return true;
    }
}

/// <summary>The reading end (AF_XDP: receive and completion). What was taken is the other side's again with <see cref="Release"/>.
/// One thread at a time.</summary>
/// <typeparam name="T">What it carries.</typeparam>
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

    /// <summary>Takes the next one.</summary>
    /// <returns>False: there is none.</returns>
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

    /// <summary>Gives back the room of what was taken.</summary>
    public void Release() => Volatile.Write(ref *_consumer, _next);
}

/// <summary>Both ends of a ring in memory of this process, as the kernel has the other end of each: for tests of the ends.</summary>
/// <typeparam name="T">What it carries.</typeparam>
public sealed unsafe class RingPair<T> : IDisposable where T : unmanaged
{
    private readonly byte* _memory;

    /// <summary>An empty ring.</summary>
    /// <param name="size">A power of two.</param>
    /// <param name="position">Where both ends begin: near the end of the numbers they begin anew.</param>
    public RingPair(int size, uint position = 0)
    {
        const int Line = 64;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(3 * Line + size * sizeof(T)), Line);
        uint* producer = (uint*)_memory, consumer = (uint*)(_memory + Line), flags = (uint*)(_memory + 2 * Line);
        (*producer, *consumer, *flags) = (position, position, 0);
        Producer = new RingProducer<T>(producer, consumer, flags, (T*)(_memory + 3 * Line), (uint)size);
        Consumer = new RingConsumer<T>(producer, consumer, (T*)(_memory + 3 * Line), (uint)size);
    }

    /// <summary>The writing end.</summary>
    public RingProducer<T> Producer { get; }

    /// <summary>The reading end.</summary>
    public RingConsumer<T> Consumer { get; }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
