using System.Collections.Immutable;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Objects;

/// <summary>A kind of objects that a list of the configuration contains.</summary>
/// <param name="Section">The key of the list: <c>networkProfiles</c>.</param>
/// <param name="Plural">Its name in paths of the API and on the command line: <c>network-profiles</c>.</param>
/// <param name="Noun">One of them in a sentence: <c>network profile</c>.</param>
/// <param name="NameKey">The key that identifies an object in its list.</param>
public sealed record ObjectKind(string Section, string Plural, string Noun, string NameKey = "name")
{
    /// <summary>Reads what the reader of configurations reads, and nothing else that .NET takes for an
    /// address.</summary>
    private static readonly PrefixKind Prefix = new(null);

    /// <summary>How traffic reaches real servers.</summary>
    public static ObjectKind NetworkProfile { get; } = new("networkProfiles", "network-profiles", "network profile");

    /// <summary>How the director probes real servers.</summary>
    public static ObjectKind HealthMonitor { get; } = new("healthMonitors", "health-monitors", "health monitor");

    /// <summary>Groups of real servers.</summary>
    public static ObjectKind Pool { get; } = new("pools", "pools", "pool");

    /// <summary>The members of a pool.</summary>
    public static ObjectKind RealServer { get; } = new("servers", "servers", "real server");

    /// <summary>Source addresses that may use a service.</summary>
    public static ObjectKind AccessList { get; } = new("accessLists", "access-lists", "access list");

    /// <summary>Settings of VIPs.</summary>
    public static ObjectKind Vip { get; } = new("vips", "vips", "VIP", "address");

    /// <summary>What clients connect to.</summary>
    public static ObjectKind VirtualService { get; } = new("virtualServices", "virtual-services", "virtual service");

    /// <summary>The kinds of objects in the lists of the document, in its order. Real servers are in their
    /// pools.</summary>
    public static ImmutableArray<ObjectKind> OfDocument { get; } =
        [NetworkProfile, HealthMonitor, Pool, AccessList, Vip, VirtualService];

    /// <summary>The name as it is compared: an address has several spellings.</summary>
    public string Canonical(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return this == Vip && Prefix.TryRead(new ScalarNode(default, name, true), out var prefix)
            ? PrefixText.Of(prefix) : name;
    }
}
