using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Numbers the different settings of services. Remembered flows name a number for as long as they live, so settings that no
/// service has any more keep theirs until the room is needed, and those go first that none has had for longest.</summary>
internal sealed class ProfileTable
{
    private readonly Dictionary<Profile, ushort> _ids = [];
    private readonly HashSet<ushort> _used = [];

    /// <summary>By number, the last of <see cref="_tables"/> that had it.</summary>
    private readonly long[] _lastUse = new long[Constants.Profiles];

    /// <summary>How many tables have been numbered.</summary>
    private long _tables;

    /// <summary>Goes on from what runs.</summary>
    internal ProfileTable(ReadOnlySpan<Profile> running)
    {
        for (var id = 0; id < running.Length; id++)
        {
            if (running[id].TcpTimeout != 0)
                _ids.TryAdd(running[id], (ushort)id);
        }
    }

    /// <summary>How many services have.</summary>
    internal int Count => _used.Count;

    /// <summary>Forgets who uses which, before all are asked for again.</summary>
    internal void Begin()
    {
        _used.Clear();
        _tables++;
        // Of tables that were refused.
        foreach (var profile in _ids.Where(static n => n.Value >= Constants.Profiles).Select(static n => n.Key).ToArray())
            _ids.Remove(profile);
    }

    /// <summary>The number of a service's settings.</summary>
    internal ushort IdOf(Forwarding.ServiceEntry service)
    {
        var profile = Of(service);
        if (!_ids.TryGetValue(profile, out var id))
            _ids.Add(profile, id = Free());
        _used.Add(id);
        if (id < Constants.Profiles)
            _lastUse[id] = _tables;
        return id;
    }

    /// <summary>A number that nobody has, or else the one that no service has had for longest; beyond the capacity when there is none.</summary>
    private ushort Free()
    {
        var taken = _ids.Values.ToHashSet();
        for (var id = 0; id < Constants.Profiles; id++)
        {
            if (!taken.Contains((ushort)id))
                return (ushort)id;
        }
        KeyValuePair<Profile, ushort>[] idle = [.. _ids.Where(n => !_used.Contains(n.Value))];
        if (idle.Length > 0)
        {
            var (profile, id) = idle.MinBy(n => _lastUse[n.Value]);
            _ids.Remove(profile);
            return id;
        }
        return (ushort)(Constants.Profiles + _used.Count);
    }

    /// <summary>Writes all of them.</summary>
    internal void Write(Span<Profile> profiles)
    {
        profiles.Clear();
        foreach (var (profile, id) in _ids)
            profiles[id] = profile;
    }

    private static Profile Of(Forwarding.ServiceEntry service) => new()
    {
        TcpTimeout = Ticks.Of(service.IdleTimeouts.Tcp),
        UdpTimeout = Ticks.Of(service.IdleTimeouts.Udp),
        OtherTimeout = Ticks.Of(service.IdleTimeouts.Icmp),
        FinTimeout = service.IdleTimeouts.AfterFin is { } fin ? Ticks.Of(fin) : 0,
        RstTimeout = service.IdleTimeouts.AfterRst is { } rst ? Ticks.Of(rst) : 0,
        PersistenceTimeout = service.Persistence is { } persistence ? Ticks.Of(persistence.TimeoutSeconds) : 0,
        PersistencePrefix4 = (byte)(service.Persistence?.PrefixLength4 ?? 32),
        PersistencePrefix6 = (byte)(service.Persistence?.PrefixLength6 ?? 128),
        Oversized = service.Oversized switch
        {
            OversizedPolicy.Fragment => Constants.OversizedFragment,
            OversizedPolicy.Drop => Constants.OversizedDrop,
            _ => Constants.OversizedIcmp,
        },
        UdpMoves = service.UdpOnRebalance == UdpRebalancePolicy.Move ? (byte)1 : (byte)0,
    };
}

/// <summary>The program's unit of time: 2^26 ns of the monotonic clock.</summary>
internal static class Ticks
{
    private const double PerSecond = 1e9 / (1 << Constants.TickShift);

    /// <summary>Now, as the program sees it to within a tick.</summary>
    internal static uint Now => (uint)(System.Diagnostics.Stopwatch.GetElapsedTime(0).Ticks * TimeSpan.NanosecondsPerTick >> Constants.TickShift);

    /// <summary>At least so many seconds.</summary>
    internal static uint Of(int seconds) => (uint)Math.Ceiling(seconds * PerSecond);

    /// <summary>How long so many ticks are.</summary>
    internal static TimeSpan Length(uint ticks) => TimeSpan.FromSeconds(ticks / PerSecond);
}
