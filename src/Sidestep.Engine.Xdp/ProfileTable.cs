using System.Diagnostics;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Assigns ids to the distinct settings of services. Tracked flows refer to an id for as long as they live. So
/// settings that no service has any more keep their id until the table is full; then the least recently used one is
/// replaced.</summary>
internal sealed class ProfileTable
{
    private readonly Dictionary<Profile, ushort> _ids = [];
    private readonly HashSet<ushort> _used = [];

    /// <summary>By id, the last generation that used it.</summary>
    private readonly long[] _lastUse = new long[Constants.Profiles];

    /// <summary>Number of generations: tables that were numbered.</summary>
    private long _tables;

    /// <summary>Starts with the profiles of the running tables.</summary>
    internal ProfileTable(ReadOnlySpan<Profile> running)
    {
        for (var id = 0; id < running.Length; id++)
        {
            if (running[id].TcpTimeout != 0)
                _ids.TryAdd(running[id], (ushort)id);
        }
    }

    /// <summary>Number of ids that the current generation uses.</summary>
    internal int Count => _used.Count;

    /// <summary>Starts a new generation: no id is in use until it is requested.</summary>
    internal void Begin()
    {
        _used.Clear();
        _tables++;
        // Left by tables that were rejected.
        foreach (var profile
            in _ids.Where(static n => n.Value >= Constants.Profiles).Select(static n => n.Key).ToArray())
            _ids.Remove(profile);
    }

    /// <summary>Returns the id of a service's settings; <see cref="Constants.Profiles"/> or more when the table is
    /// full.</summary>
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

    /// <summary>A free id, or else the least recently used one that this generation does not use; beyond the capacity
    /// when there is none.</summary>
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

    /// <summary>Writes all profiles, each at its id, and clears the other entries.</summary>
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

/// <summary>The unit of time of the program: ticks of 2^26 ns (67 ms) of the monotonic clock.</summary>
internal static class Ticks
{
    private const double PerSecond = 1e9 / (1 << Constants.TickShift);

    /// <summary>The current tick; the program's clock may differ by one tick.</summary>
    internal static uint Now =>
        (uint)(Stopwatch.GetElapsedTime(0).Ticks * TimeSpan.NanosecondsPerTick >> Constants.TickShift);

    /// <summary>Ticks of at least that many seconds.</summary>
    internal static uint Of(int seconds) => (uint)Math.Ceiling(seconds * PerSecond);

    /// <summary>Duration of that many ticks.</summary>
    internal static TimeSpan Length(uint ticks) => TimeSpan.FromSeconds(ticks / PerSecond);
}
