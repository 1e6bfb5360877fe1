using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Numbers the different settings of services.</summary>
internal sealed class ProfileTable
{
    private readonly Dictionary<Profile, ushort> _numbers = [];

    /// <summary>How many there are.</summary>
    internal int Count => _numbers.Count;

    /// <summary>The number of a service's settings.</summary>
    internal ushort NumberOf(Forwarding.ServiceEntry service)
    {
        var profile = Of(service);
        if (!_numbers.TryGetValue(profile, out var number))
            _numbers.Add(profile, number = (ushort)_numbers.Count);
        return number;
    }

    /// <summary>Writes all of them.</summary>
    internal void Write(Span<Profile> profiles)
    {
        profiles.Clear();
        foreach (var (profile, number) in _numbers)
            profiles[number] = profile;
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
        TooBig = service.TooBig switch
        {
            TooBigPolicy.Fragment => Constants.TooBigFragment,
            TooBigPolicy.Drop => Constants.TooBigDrop,
            _ => Constants.TooBigAnswer,
        },
        UdpMoves = service.UdpInTransition == UdpPolicy.Move ? (byte)1 : (byte)0,
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
