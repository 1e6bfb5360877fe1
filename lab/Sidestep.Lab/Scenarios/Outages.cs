namespace Sidestep.Lab.Scenarios;

/// <summary>When no daemon forwarded, where only a daemon forwards. What was sent then cannot arrive, and nobody is to blame.</summary>
internal sealed class Outages
{
    // What was on its way through the daemon when it ended.
    private static readonly TimeSpan InFlightMargin = ScaledTimeout.Seconds(0.2);

    private readonly List<(long Begin, long End)> _outages = [];
    private long? _started;

    /// <summary>The daemon is ended now.</summary>
    public void Begin() => _started ??= (DateTimeOffset.UtcNow - InFlightMargin).ToUnixTimeMilliseconds();

    /// <summary>It forwards again.</summary>
    public void End()
    {
        if (_started is { } started)
            _outages.Add((started, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        _started = null;
    }

    /// <summary>How long all of them took.</summary>
    public double Seconds => Math.Round(_outages.Sum(o => (o.End - o.Begin) / 1000d), 1);

    /// <param name="unixMilliseconds">A time of this machine.</param>
    public bool Contain(long unixMilliseconds) => _outages.Exists(o => o.Begin <= unixMilliseconds && unixMilliseconds <= o.End);
}
