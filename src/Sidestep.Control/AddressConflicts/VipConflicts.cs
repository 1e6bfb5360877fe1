using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Packets;

namespace Sidestep.Control.AddressConflicts;

/// <summary>Who else answers for this director's VIPs: what was heard becomes claims, claims become alarms, announcements and drains.</summary>
/// <remarks>Pure; not safe for threads. Times are the director's wall clock.</remarks>
public sealed class VipConflicts
{
    /// <summary>The words of <see cref="VipConflict.Kind"/>.</summary>
    public const string Server = "server", Director = "director", UnknownHost = "unknown-host";

    /// <summary>Claims that are kept; the rest of a flood is counted in none.</summary>
    public const int MaxConflicts = 1000;

    /// <summary>How often the network is told again who has a VIP. Below what fabrics take for a fight over an address (Cisco ACI:
    /// four moves within a minute), and not for ever.</summary>
    public const int MaxAnnouncementsPerMinute = 3, MaxAnnouncementsPerConflict = 20;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(IPAddress Vip, MacAddress Mac), VipConflict> _conflicts = [];
    private readonly Dictionary<IPAddress, AnnouncedVip> _announced = [];

    /// <summary>All, by VIP.</summary>
    public ImmutableArray<VipConflict> Current =>
        [.. _conflicts.Values.OrderBy(static c => c.Vip.ToString(), StringComparer.Ordinal).ThenBy(static c => c.Mac, StringComparer.Ordinal)];

    /// <summary>Somebody said that a VIP is his.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="mac">Where he says that it is.</param>
    /// <param name="device">Where it was heard.</param>
    /// <param name="host">Who that is.</param>
    /// <param name="now">When.</param>
    /// <returns>The claim if it is new, else null.</returns>
    public VipConflict? Record(IPAddress vip, MacAddress mac, string device, ConflictingHost host, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (_conflicts.TryGetValue((vip, mac), out var known))
        {
            _conflicts[(vip, mac)] = known with { Last = now, Times = known.Times + 1, Host = host.Name, Kind = host.Kind };
            return null;
        }
        if (_conflicts.Count >= MaxConflicts)
            return null;
        return _conflicts[(vip, mac)] = new VipConflict(vip, mac.ToString(), device, host.Name, host.Kind, now, now, 1);
    }

    /// <summary>Forgets claims that were not renewed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long a claim lasts: several rounds of questions.</param>
    /// <returns>The forgotten ones.</returns>
    public IReadOnlyList<VipConflict> Expire(DateTimeOffset now, TimeSpan lifetime)
    {
        var expired = _conflicts.Where(c => now - c.Value.Last > lifetime).ToArray();
        foreach (var (key, _) in expired)
            _conflicts.Remove(key);
        foreach (var vip in expired.Select(static c => c.Key.Vip).Distinct().Where(v => !_conflicts.Keys.Any(k => k.Vip.Equals(v))))
        {
            // What was announced within the last minute still counts if the next claim follows at once.
            if (_announced.TryGetValue(vip, out var announced))
                _announced[vip] = announced with { Times = 0 };
        }
        foreach (var vip in _announced.Where(a => a.Value.Times == 0 && a.Value.Recent.All(t => now - t > Minute)).Select(static a => a.Key).ToArray())
            _announced.Remove(vip);
        return [.. expired.Select(static c => c.Value)];
    }

    /// <summary>Whether the network may be told again who has this VIP; counts if so.</summary>
    public bool MayAnnounce(IPAddress vip, DateTimeOffset now)
    {
        var announced = _announced.GetValueOrDefault(vip, new AnnouncedVip([], 0));
        var recent = announced.Recent.Where(t => now - t < Minute).ToImmutableArray();
        if (recent.Length >= MaxAnnouncementsPerMinute || announced.Times >= MaxAnnouncementsPerConflict
            || recent.Any(t => now - t < TimeSpan.FromSeconds(1)))
            return false;
        _announced[vip] = new AnnouncedVip(recent.Add(now), announced.Times + 1);
        return true;
    }

    /// <summary>One sentence for the log and for status.</summary>
    public static string Describe(VipConflict conflict)
    {
        ArgumentNullException.ThrowIfNull(conflict);
        var host = conflict.Kind switch
        {
            Server => $"real server {conflict.Host}",
            Director => $"another director, {conflict.Host}",
            _ => "an unknown host",
        };
        return $"{host} ({conflict.Mac}) answers for the VIP {conflict.Vip} on '{conflict.Device}': part of its traffic may pass this director by";
    }

    private sealed record AnnouncedVip(ImmutableArray<DateTimeOffset> Recent, int Times);
}

/// <summary>Whose Ethernet address it is.</summary>
/// <param name="Kind">A word of <see cref="VipConflicts"/>.</param>
/// <param name="Name">Of the server or director; null: nobody knows.</param>
public sealed record ConflictingHost(string Kind, string? Name)
{
    /// <summary>Nobody that is known.</summary>
    public static ConflictingHost Unknown { get; } = new(VipConflicts.UnknownHost, null);
}
