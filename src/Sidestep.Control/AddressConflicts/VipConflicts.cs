using System.Collections.Immutable;
using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Control.AddressConflicts;

/// <summary>Other hosts that answer for this director's VIPs. Each reply of such a host counts towards a conflict.
/// Conflicts cause alarms, announcements and drains (RFC 5227, section 2.4).</summary>
/// <remarks>Pure; not safe for threads. Times are those of <see cref="Forwarding.MonotonicClock"/>.</remarks>
public sealed class VipConflicts
{
    /// <summary>The values of <see cref="VipConflict.Kind"/>.</summary>
    public const string Server = "server", Director = "director", UnknownHost = "unknown-host";

    /// <summary>Most conflicts that are tracked. Answers beyond that, as in a flood, are ignored.</summary>
    public const int MaxConflicts = 1000;

    /// <summary>Most announcements of one VIP: within a minute, and in one conflict. Switch fabrics take more frequent
    /// moves of an address for a conflict of two hosts (Cisco ACI: four within a minute).</summary>
    public const int MaxAnnouncementsPerMinute = 3, MaxAnnouncementsPerConflict = 20;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(VrfAddress Vip, MacAddress Mac), VipConflict> _conflicts = [];
    private readonly Dictionary<VrfAddress, AnnouncedVip> _announced = [];

    /// <summary>All conflicts, ordered by VIP and Ethernet address.</summary>
    public ImmutableArray<VipConflict> Current =>
        [.. _conflicts.Values.OrderBy(static c => c.Vip.ToString(), StringComparer.Ordinal)
            .ThenBy(static c => c.Mac, StringComparer.Ordinal)];

    /// <summary>Records that another host answered for a VIP.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="mac">The Ethernet address in the answer.</param>
    /// <param name="device">The interface that received it.</param>
    /// <param name="host">The host with that Ethernet address.</param>
    /// <param name="now">The time.</param>
    /// <returns>The conflict if it is new; null if it continues, or if too many are tracked.</returns>
    public VipConflict? Record(VrfAddress vip, MacAddress mac, string device, ConflictingHost host, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (_conflicts.TryGetValue((vip, mac), out var known))
        {
            _conflicts[(vip, mac)] = known
                with
            { Last = now, Times = known.Times + 1, Host = host.Name, Kind = host.Kind };
            return null;
        }
        if (_conflicts.Count >= MaxConflicts)
            return null;
        return _conflicts[(vip, mac)] = new VipConflict(vip.Address, mac.ToString(), device, host.Name, host.Kind,
            now, now, 1);
    }

    /// <summary>Ends conflicts that did not recur.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long a conflict lasts without an answer: several rounds of requests.</param>
    /// <returns>The conflicts that ended.</returns>
    public IReadOnlyList<VipConflict> Expire(DateTimeOffset now, TimeSpan lifetime)
    {
        var expired = _conflicts.Where(c => now - c.Value.Last > lifetime).ToArray();
        foreach (var (key, _) in expired)
            _conflicts.Remove(key);
        foreach (var vip in expired.Select(static c => c.Key.Vip).Distinct()
            .Where(v => !_conflicts.Keys.Any(k => k.Vip == v)))
        {
            // Announcements of the last minute still count when the next conflict follows at once.
            if (_announced.TryGetValue(vip, out var announced))
                _announced[vip] = announced with { Times = 0 };
        }
        foreach (var vip in _announced.Where(a => a.Value.Times == 0 && a.Value.Recent.All(t => now - t > Minute))
            .Select(static a => a.Key).ToArray())
            _announced.Remove(vip);
        return [.. expired.Select(static c => c.Value)];
    }

    /// <summary>True if the director may announce this VIP again; then it counts as announced. At most one a
    /// second.</summary>
    public bool MayAnnounce(VrfAddress vip, DateTimeOffset now)
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
        return $"{host} ({conflict.Mac}) answers for the VIP {conflict.Vip} on '{conflict.Device}': part of its "
            + "traffic may bypass this director";
    }

    private sealed record AnnouncedVip(ImmutableArray<DateTimeOffset> Recent, int Times);
}

/// <summary>The host with a conflicting Ethernet address.</summary>
/// <param name="Kind">A constant of <see cref="VipConflicts"/>.</param>
/// <param name="Name">The real server or the address of the director, as text; null: not known.</param>
public sealed record ConflictingHost(string Kind, string? Name)
{
    /// <summary>A host that is neither a real server nor a peer.</summary>
    public static ConflictingHost Unknown { get; } = new(VipConflicts.UnknownHost, null);
}
