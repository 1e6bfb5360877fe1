using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Features of the program: struct features of src/bpf/tables.h. The verifier removes the code of features
/// that are off.</summary>
[Flags]
public enum FeatureSet
{
    /// <summary>One interface, IPv4, IP in IP or layer 2.</summary>
    None = 0,

    /// <summary>Servers may be reached through another interface than the ingress interface.</summary>
    MultiArm = 1 << 0,

    /// <summary>VIPs and VIP prefixes of IPv6.</summary>
    Ipv6 = 1 << 1,

    /// <summary>IPv6 outer headers, for servers with an IPv6 address.</summary>
    Outer6 = 1 << 2,

    /// <summary>The encapsulations GUE and GRE.</summary>
    GueAndGre = 1 << 3,

    /// <summary>Outer sources that differ per flow.</summary>
    OuterSources = 1 << 4,

    /// <summary>VIP prefixes, which need a longest-prefix match.</summary>
    VipPrefixes = 1 << 5,

    /// <summary>Access lists, which need a longest-prefix match of the source.</summary>
    AccessLists = 1 << 6,

    /// <summary>Other directors, whose frames are not balanced again.</summary>
    Peers = 1 << 7,

    /// <summary>All features: the program forwards by any tables.</summary>
    All = (1 << 8) - 1,
}

/// <summary>Determines the features that tables need.</summary>
internal static class FeatureSets
{
    /// <summary>Needs of each group, cached because most groups do not change from one table to the next.</summary>
    private static readonly ConditionalWeakTable<ServerGroup, StrongBox<FeatureSet>> ByGroup = [];

    /// <summary>The features that tables need, except <see cref="FeatureSet.MultiArm"/>, which depends on the
    /// interfaces.</summary>
    internal static FeatureSet Needs(ForwardingTables tables)
    {
        var needs = FeatureSet.None;
        if (tables.Vips.Any(static v => Wire.IsIpv6(v.Address.BaseAddress)))
            needs |= FeatureSet.Ipv6;
        if (tables.Vips.Any(static v => !v.Address.IsSingle()))
            needs |= FeatureSet.VipPrefixes;
        if (tables.Services.Any(static s => s.AccessList is not null))
            needs |= FeatureSet.AccessLists;
        if (!tables.Peers.IsEmpty)
            needs |= FeatureSet.Peers;
        foreach (var group in tables.Groups)
            needs |= ByGroup.GetValue(group, static g => new StrongBox<FeatureSet>(Needs(g))).Value;
        return needs;
    }

    private static FeatureSet Needs(ServerGroup group)
    {
        var needs = FeatureSet.None;
        foreach (var server in group.Servers)
        {
            var encap = server.Encap ?? group.Key.Encap;
            if (encap.OuterSource4 is not null || encap.OuterSource6 is not null)
                needs |= FeatureSet.OuterSources;
            if (encap.Mode is ForwardingMode.Gue or ForwardingMode.Gre)
                needs |= FeatureSet.GueAndGre;
            if (encap.Mode != ForwardingMode.L2 && server.Address.AddressFamily == AddressFamily.InterNetworkV6)
                needs |= FeatureSet.Outer6;
        }
        return needs;
    }

    /// <summary>The form that the program reads, struct features.</summary>
    internal static Features ToFeatures(this FeatureSet set, int flowBuckets)
    {
        byte Flag(FeatureSet one) => set.HasFlag(one) ? (byte)1 : (byte)0;
        return new Features
        {
            OneArm = set.HasFlag(FeatureSet.MultiArm) ? (byte)0 : (byte)1,
            Ipv6 = Flag(FeatureSet.Ipv6),
            Outer6 = Flag(FeatureSet.Outer6),
            GueAndGre = Flag(FeatureSet.GueAndGre),
            OuterSources = Flag(FeatureSet.OuterSources),
            VipPrefixes = Flag(FeatureSet.VipPrefixes),
            AccessLists = Flag(FeatureSet.AccessLists),
            Peers = Flag(FeatureSet.Peers),
            FlowBuckets = (uint)flowBuckets,
        };
    }
}
