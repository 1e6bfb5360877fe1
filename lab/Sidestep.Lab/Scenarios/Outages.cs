namespace Sidestep.Lab.Scenarios;

/// <summary>Times at which no daemon ran although only a daemon forwards. Datagrams of those times cannot
/// arrive.</summary>
internal sealed class Outages
{
    // Covers datagrams that were inside the daemon when it ended.
    private static readonly TimeSpan InFlightMargin = ScaledTimeout.Seconds(0.2);

    private readonly List<(long Begin, long End)> _outages = [];
    private long? _started;

    /// <summary>Starts an outage: the daemon ends now.</summary>
    public void Begin() => _started ??= (DateTimeOffset.UtcNow - InFlightMargin).ToUnixTimeMilliseconds();

    /// <summary>Ends the outage: the daemon forwards again.</summary>
    public void End()
    {
        if (_started is { } started)
            _outages.Add((started, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        _started = null;
    }

    /// <summary>Duration of all outages together, in seconds, rounded to tenths.</summary>
    public double Seconds => Math.Round(_outages.Sum(o => (o.End - o.Begin) / 1000d), 1);

    /// <param name="unixMilliseconds">A time by the clock of this machine.</param>
    public bool Contain(long unixMilliseconds) =>
        _outages.Exists(o => o.Begin <= unixMilliseconds && unixMilliseconds <= o.End);
}
