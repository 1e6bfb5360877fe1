namespace Sidestep.Daemon;

/// <summary>Holds the latest items. Safe for threads.</summary>
/// <param name="capacity">The most items that it holds.</param>
internal sealed class BoundedHistory<T>(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<T> _items = new(capacity);
    private long _evicted;

    /// <summary>Adds an item. If the history is full, the oldest item is evicted.</summary>
    internal void Add(T item)
    {
        lock (_gate)
        {
            if (_items.Count == capacity)
            {
                _items.Dequeue();
                _evicted++;
            }
            _items.Enqueue(item);
        }
    }

    /// <summary>The items, the newest last, and the number of evicted ones.</summary>
    internal (T[] Items, long Evicted) Read()
    {
        lock (_gate)
            return ([.. _items], _evicted);
    }
}
