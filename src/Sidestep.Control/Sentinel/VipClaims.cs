using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Packets;

namespace Sidestep.Control.Sentinel;

/// <summary>Who else answers for this director's VIPs: what was heard becomes claims, claims become alarms, announcements and drains.</summary>
/// <remarks>Pure; not safe for threads. Times are the director's wall clock.</remarks>
public sealed class VipClaims
{
    /// <summary>The words of <see cref="VipClaim.Kind"/>.</summary>
    public const string Server = "server", Director = "director", Stranger = "stranger";

    /// <summary>Claims that are kept; the rest of a flood is counted in none.</summary>
    public const int MostClaims = 1000;

    /// <summary>How often the network is told again who has a VIP. Below what fabrics take for a fight over an address (Cisco ACI:
    /// four moves within a minute), and not for ever.</summary>
    public const int MostAnnouncementsPerMinute = 3, MostAnnouncementsPerClaim = 20;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(IPAddress Vip, MacAddress Mac), VipClaim> _claims = [];
    private readonly Dictionary<IPAddress, Announced> _announced = [];

    /// <summary>All, by VIP.</summary>
    public ImmutableArray<VipClaim> Current =>
        [.. _claims.Values.OrderBy(static c => c.Vip.ToString(), StringComparer.Ordinal).ThenBy(static c => c.Mac, StringComparer.Ordinal)];

    /// <summary>Somebody said that a VIP is his.</summary>
    /// <param name="vip">The VIP.</param>
    /// <param name="mac">Where he says that it is.</param>
    /// <param name="device">Where it was heard.</param>
    /// <param name="who">Who that is.</param>
    /// <param name="now">When.</param>
    /// <returns>The claim if it is new, else null.</returns>
    public VipClaim? Hear(IPAddress vip, MacAddress mac, string device, Claimant who, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(who);
        if (_claims.TryGetValue((vip, mac), out var known))
        {
            _claims[(vip, mac)] = known with { Last = now, Times = known.Times + 1, Who = who.Name, Kind = who.Kind };
            return null;
        }
        if (_claims.Count >= MostClaims)
            return null;
        return _claims[(vip, mac)] = new VipClaim(vip, mac.ToString(), device, who.Name, who.Kind, now, now, 1);
    }

    /// <summary>Forgets claims that were not renewed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="after">How long a claim lasts: several rounds of questions.</param>
    /// <returns>The forgotten ones.</returns>
    public IReadOnlyList<VipClaim> Expire(DateTimeOffset now, TimeSpan after)
    {
        var over = _claims.Where(c => now - c.Value.Last > after).ToArray();
        foreach (var (key, _) in over)
            _claims.Remove(key);
        foreach (var vip in over.Select(static c => c.Key.Vip).Distinct().Where(v => !_claims.Keys.Any(k => k.Vip.Equals(v))))
        {
            // What was announced within the last minute still counts if the next claim follows at once.
            if (_announced.TryGetValue(vip, out var announced))
                _announced[vip] = announced with { Times = 0 };
        }
        foreach (var vip in _announced.Where(a => a.Value.Times == 0 && a.Value.Recent.All(t => now - t > Minute)).Select(static a => a.Key).ToArray())
            _announced.Remove(vip);
        return [.. over.Select(static c => c.Value)];
    }

    /// <summary>Whether the network may be told again who has this VIP; counts if so.</summary>
    public bool MayAnnounce(IPAddress vip, DateTimeOffset now)
    {
        var announced = _announced.GetValueOrDefault(vip, new Announced([], 0));
        var recent = announced.Recent.Where(t => now - t < Minute).ToImmutableArray();
        if (recent.Length >= MostAnnouncementsPerMinute || announced.Times >= MostAnnouncementsPerClaim
            || recent.Any(t => now - t < TimeSpan.FromSeconds(1)))
            return false;
        _announced[vip] = new Announced(recent.Add(now), announced.Times + 1);
        return true;
    }

    /// <summary>One sentence for the log and for status.</summary>
    public static string Describe(VipClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var who = claim.Kind switch
        {
            Server => $"real server {claim.Who}",
            Director => $"another director, {claim.Who}",
            _ => "a stranger",
        };
        return $"{who} ({claim.Mac}) answers for the VIP {claim.Vip} on '{claim.Device}': part of its traffic may pass this director by";
    }

    private sealed record Announced(ImmutableArray<DateTimeOffset> Recent, int Times);
}

/// <summary>Whose Ethernet address it is.</summary>
/// <param name="Kind">A word of <see cref="VipClaims"/>.</param>
/// <param name="Name">Of the server or director; null: nobody knows.</param>
public sealed record Claimant(string Kind, string? Name)
{
    /// <summary>Nobody that is known.</summary>
    public static Claimant Stranger { get; } = new(VipClaims.Stranger, null);
}
