namespace Sidestep.Lab.Traffic;

/// <summary>The results of the requests so far. Safe for many threads.</summary>
internal sealed class TrafficLog
{
    private const int MaxFailures = 5;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _perServer = new(StringComparer.Ordinal),
        _perServer6 = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sources = [];
    private readonly List<string> _failures = [];
    private int _ok, _failed, _unexpected;
    private string? _lastFailure;
    private IReadOnlyList<IReadOnlyDictionary<string, string>> _expected = [];

    public TrafficCounts Now
    {
        get
        {
            lock (_lock)
                return new TrafficCounts(_ok, _failed, _unexpected, _sources.Count, new SortedDictionary<string,
                    int>(_perServer, StringComparer.Ordinal), new SortedDictionary<string,
                    int>(_perServer6, StringComparer.Ordinal));
        }
    }

    /// <summary>Descriptions of the first failures.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            lock (_lock)
                return [.. _failures];
        }
    }

    /// <summary>A description of the last failure; null: none.</summary>
    public string? LastFailure
    {
        get
        {
            lock (_lock)
                return _lastFailure;
        }
    }

    /// <summary>Sets the only server that may answer each client address from now on.</summary>
    /// <param name="serverOfSource">One map from address to server, or two while both are valid.</param>
    public void Expect(params IReadOnlyList<IReadOnlyDictionary<string, string>> serverOfSource)
    {
        lock (_lock)
            _expected = serverOfSource;
    }

    public void Add(RequestResult result)
    {
        lock (_lock)
        {
            _sources.Add(result.Source);
            if (result.Server is not null)
            {
                _perServer[result.Server] = _perServer.GetValueOrDefault(result.Server) + 1;
                if (result.Source.Contains(':'))
                    _perServer6[result.Server] = _perServer6.GetValueOrDefault(result.Server) + 1;
            }

            if (result.Error is not null)
            {
                _failed++;
                AddFailure(
                    $"request {_ok + _failed} from {result.Source}, server {result.Server ?? "unknown"}, after "
                        + $"{result.Milliseconds:0} ms: {result.Error}");
                return;
            }
            _ok++;
            var right = _expected.Select(m => m.GetValueOrDefault(result.Source)).OfType<string>().Distinct().ToArray();
            if (right.Length > 0 && !right.Contains(result.Server))
            {
                _unexpected++;
                AddFailure(
                    $"request {_ok + _failed} from {result.Source} was answered by {result.Server} instead of "
                        + $"{string.Join(" or ", right)}");
            }
        }
    }

    private void AddFailure(string failure)
    {
        _lastFailure = failure;
        if (_failures.Count < MaxFailures)
            _failures.Add(failure);
    }
}

/// <param name="Unexpected">Successful requests that another server answered than the one that the client is assigned
/// to.</param>
internal sealed record TrafficCounts(int Ok, int Failed, int Unexpected, int Sources, IReadOnlyDictionary<string,
    int> PerServer, IReadOnlyDictionary<string, int> PerServerOverIpv6)
{
    public int Finished => Ok + Failed;

    public int Of(string server) => PerServer.GetValueOrDefault(server);
}
