using System.Net;

namespace Sidestep.Lab.Traffic;

/// <summary>Whose turn is it? Client addresses one after the other, except those that are held. Safe for many threads.</summary>
internal sealed class ClientSchedule(IReadOnlyList<IPAddress> sources)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _inFlight = sources.ToDictionary(s => s, _ => 0);
    private HashSet<IPAddress> _held = [];
    private TaskCompletionSource? _drained;
    private int _next;

    /// <returns>Null while every address is held.</returns>
    public IPAddress? Begin()
    {
        lock (_lock)
        {
            for (var tried = 0; tried < sources.Count; tried++)
            {
                var source = sources[_next++ % sources.Count];
                if (_held.Contains(source))
                    continue;
                _inFlight[source]++;
                return source;
            }
            return null;
        }
    }

    public void End(IPAddress source)
    {
        lock (_lock)
        {
            _inFlight[source]--;
            CompleteWhenDrained();
        }
    }

    /// <summary>These start nothing more; completes when what they have under way is finished.</summary>
    public Task HoldAsync(IEnumerable<IPAddress> held)
    {
        lock (_lock)
        {
            _held = [.. held];
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var drained = _drained.Task;
            CompleteWhenDrained();
            return drained;
        }
    }

    public void Release()
    {
        lock (_lock)
            _held = [];
    }

    private void CompleteWhenDrained()
    {
        if (_drained is not null && _held.All(s => _inFlight[s] == 0))
        {
            _drained.SetResult();
            _drained = null;
        }
    }
}
