namespace Sidestep.Lab.Live;

/// <summary>The last events, with the time since the view started. Safe for many threads.</summary>
/// <param name="onEvent">Called for each event, one at a time.</param>
internal sealed class EventLog(TimeProvider time, Action<LiveEvent>? onEvent = null)
{
    private const int Capacity = 100;

    private readonly Lock _lock = new();
    private readonly Queue<LiveEvent> _events = [];
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>The last events, at most 100, the oldest first.</summary>
    public IReadOnlyList<LiveEvent> Last
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    public void Add(string text)
    {
        lock (_lock)
        {
            var happened = new LiveEvent(Elapsed, text);
            _events.Enqueue(happened);
            if (_events.Count > Capacity)
                _events.Dequeue();
            onEvent?.Invoke(happened);
        }
    }
}
