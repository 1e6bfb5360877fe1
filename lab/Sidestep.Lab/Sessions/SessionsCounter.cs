namespace Sidestep.Lab.Sessions;

/// <summary>Counts the events of all sessions. Safe for many threads.</summary>
internal sealed class SessionsCounter
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _perServer = [], _shortPerServer = [], _shortPerService = [],
        _shortEnded = [];
    private int _opened, _broken, _closed, _shortOk, _shortFailed;
    private long _responses;

    public SessionsState Now
    {
        get
        {
            lock (_lock)
            {
                return new SessionsState(
                    _opened, _broken, _closed, _responses, new Dictionary<string, int>(_perServer),
                    _shortOk, _shortFailed, new Dictionary<string, int>(_shortPerServer), new Dictionary<string,
                        int>(_shortPerService),
                    new Dictionary<string, int>(_shortEnded));
            }
        }
    }

    public void Opened(string server)
    {
        lock (_lock)
        {
            _opened++;
            _responses++;
            Increment(_perServer, server);
        }
    }

    public void Responded()
    {
        lock (_lock)
            _responses++;
    }

    public void Closed()
    {
        lock (_lock)
            _closed++;
    }

    public void Broken()
    {
        lock (_lock)
            _broken++;
    }

    public void ShortOk(string server, string service)
    {
        lock (_lock)
        {
            _shortOk++;
            Increment(_shortPerServer, server);
            Increment(_shortPerService, service);
        }
    }

    /// <summary>No session to the service runs, and none starts any more.</summary>
    public void ShortEnded(string service)
    {
        lock (_lock)
            Increment(_shortEnded, service);
    }

    public void ShortFailed()
    {
        lock (_lock)
            _shortFailed++;
    }

    private static void Increment(Dictionary<string, int> counts, string key) =>
        counts[key] = counts.GetValueOrDefault(key) + 1;
}
