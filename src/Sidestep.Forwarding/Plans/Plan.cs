using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding.Plans;

/// <summary>What a configuration would change, said before it does.</summary>
/// <param name="Services">Those that change, by name.</param>
/// <param name="Groups">All groups of servers, those in force and those to come, by key.</param>
/// <param name="Warnings">What should be thought over before; sentences.</param>
public sealed record Plan(ImmutableArray<ServicePlan> Services, ImmutableArray<GroupPlan> Groups, ImmutableArray<string> Warnings)
{
    /// <summary>Slots in all groups that stay and are chosen by hash.</summary>
    public long Slots => Groups.Sum(static g => (long)g.Slots);

    /// <summary>Those of them that get another server.</summary>
    public long MovedSlots => Groups.Sum(static g => (long)g.MovedSlots);

    /// <summary>What becomes of remembered flows.</summary>
    public FlowForecast Flows => Groups.SelectMany(static g => g.Servers).Aggregate(default(FlowForecast), static (sum, s) => sum + s.Flows);

    /// <summary>True when nothing changes.</summary>
    public bool IsEmpty => Services.IsEmpty && Groups.All(static g => g.Change == ChangeKind.None && g.Servers.All(static s => s.Change == ChangeKind.None));

    /// <summary>What a service takes: <c>198.51.100.10 tcp/80,443</c>.</summary>
    public static string Describe(IEnumerable<IPNetwork> vips, TransportProtocol protocol, IEnumerable<PortRange> ports)
    {
        var addresses = string.Join(',', vips.Select(static v =>
            v.PrefixLength == v.BaseAddress.GetAddressBytes().Length * 8 ? v.BaseAddress.ToString() : v.ToString()));
        return protocol == TransportProtocol.Any ? $"{addresses} any"
            : string.Create(CultureInfo.InvariantCulture, $"{addresses} {protocol.ToString().ToLowerInvariant()}/{string.Join(',', ports)}");
    }
}

/// <summary>What happens to a thing.</summary>
public enum ChangeKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It comes.</summary>
    Added,

    /// <summary>It stays, and something about it changes.</summary>
    Changed,

    /// <summary>It goes.</summary>
    Removed,
}

/// <summary>A service that changes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Change">How.</param>
/// <param name="Before">What it takes and the servers that it chooses from; null when it comes.</param>
/// <param name="After">The same; null when it goes.</param>
public sealed record ServicePlan(string Name, ChangeKind Change, string? Before, string? After);

/// <summary>A group of servers.</summary>
/// <param name="Key">Pool, and how it is reached from now on.</param>
/// <param name="Change">Whether it comes, goes or is reached in another way.</param>
/// <param name="Slots">Slots that the flow hash chooses from; 0 when the group comes or goes, or servers are not chosen by hash.</param>
/// <param name="MovedSlots">Those of them that get another server.</param>
/// <param name="Servers">By address, then by name.</param>
public sealed record GroupPlan(GroupKey Key, ChangeKind Change, int Slots, int MovedSlots, ImmutableArray<ServerPlan> Servers);

/// <summary>A real server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Change">How it changes.</param>
/// <param name="Before">Its weight or state; null when it comes.</param>
/// <param name="After">The same; null when it goes.</param>
/// <param name="SlotsBefore">Its slots now.</param>
/// <param name="SlotsAfter">Its slots then.</param>
/// <param name="Flows">What becomes of its remembered flows.</param>
public sealed record ServerPlan(
    string Name, IPAddress Address, ChangeKind Change, string? Before, string? After, int SlotsBefore, int SlotsAfter, FlowForecast Flows);

/// <summary>What becomes of remembered flows.</summary>
/// <param name="Stay">Their server keeps them.</param>
/// <param name="Move">Their server lives, but is reached in another way from now on: what was remembered is not, and the flow
/// goes where its slot leads, which is mostly the same server.</param>
/// <param name="Break">Their server goes or is switched off, or no service leads to it any more.</param>
public readonly record struct FlowForecast(long Stay, long Move, long Break)
{
    /// <summary>The sum of two.</summary>
    public static FlowForecast operator +(FlowForecast a, FlowForecast b) => new(a.Stay + b.Stay, a.Move + b.Move, a.Break + b.Break);
}
