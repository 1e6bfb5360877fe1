using System.Net;

namespace Sidestep.Control.Access;

/// <summary>Limits how fast passwords can be guessed: failed logins of an address, and of a user. Successful logins
/// count nowhere. Safe for threads.</summary>
/// <param name="time">The clock.</param>
public sealed class LoginLimits(TimeProvider time)
{
    /// <summary>How many logins of an address may fail at once, and how long until one more may.</summary>
    private const int OfAddress = 10;

    private static readonly TimeSpan AddressInterval = TimeSpan.FromSeconds(6);

    /// <summary>The same for a user from all addresses. Larger, so that others cannot lock a user out for
    /// long.</summary>
    private const int OfUser = 30;

    private static readonly TimeSpan UserInterval = TimeSpan.FromSeconds(2);

    /// <summary>The most addresses and users that have entries.</summary>
    private const int MostEntries = 10_000;

    private readonly Lock _gate = new();

    /// <summary>When all failures of a key expire, by the monotonic clock.</summary>
    private readonly Dictionary<string, TimeSpan> _clear = [];

    /// <summary>How long the login must wait; zero: it may be tried now.</summary>
    public TimeSpan DelayOf(IPAddress? address, string user)
    {
        var now = time.GetElapsedTime(0);
        lock (_gate)
        {
            var delay = Delay(KeyOf(address), OfAddress, AddressInterval, now);
            var ofUser = Delay(KeyOf(user), OfUser, UserInterval, now);
            return delay > ofUser ? delay : ofUser;
        }
    }

    /// <summary>Counts a login that failed.</summary>
    public void Failed(IPAddress? address, string user)
    {
        var now = time.GetElapsedTime(0);
        lock (_gate)
        {
            if (_clear.Count >= MostEntries)
                Forget(now);
            Count(KeyOf(address), AddressInterval, now);
            Count(KeyOf(user), UserInterval, now);
        }
    }

    private TimeSpan Delay(string key, int most, TimeSpan interval, TimeSpan now)
    {
        if (!_clear.TryGetValue(key, out var clear))
            return TimeSpan.Zero;
        var delay = clear - now - (interval * (most - 1));
        return delay > TimeSpan.Zero ? delay : TimeSpan.Zero;
    }

    private void Count(string key, TimeSpan interval, TimeSpan now)
    {
        var clear = _clear.GetValueOrDefault(key, now);
        _clear[key] = (clear > now ? clear : now) + interval;
    }

    /// <summary>Forgets what no longer delays; if that is not enough, what ends first.</summary>
    private void Forget(TimeSpan now)
    {
        foreach (string key in _clear.Where(c => c.Value <= now).Select(static c => c.Key).ToArray())
            _clear.Remove(key);
        foreach (string key in _clear.OrderBy(static c => c.Value).Take(_clear.Count - (MostEntries / 2))
            .Select(static c => c.Key).ToArray())
            _clear.Remove(key);
    }

    private static string KeyOf(string user) => "user " + user;

    private static string KeyOf(IPAddress? address) => $"address {ClientAddress.Of(address)}";
}
