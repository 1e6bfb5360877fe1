using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>What a program is loaded for: struct switches of src/bpf/tables.h. What is off, the verifier removes.</summary>
[Flags]
public enum SwitchSet
{
    /// <summary>One interface, IPv4, IP-in-IP or layer 2.</summary>
    None = 0,

    /// <summary>Servers may be reached by another interface than packets come in by.</summary>
    SeveralArms = 1 << 0,

    /// <summary>VIPs of IPv6.</summary>
    Ipv6 = 1 << 1,

    /// <summary>Outer headers of IPv6.</summary>
    Outer6 = 1 << 2,

    /// <summary>GUE and GRE.</summary>
    UdpAndGre = 1 << 3,

    /// <summary>Outer sources that differ per flow.</summary>
    OuterSources = 1 << 4,

    /// <summary>VIP prefixes.</summary>
    Prefixes = 1 << 5,

    /// <summary>Access lists.</summary>
    Access = 1 << 6,

    /// <summary>Other directors.</summary>
    Peers = 1 << 7,

    /// <summary>Everything.</summary>
    All = (1 << 8) - 1,
}

/// <summary>Switches and tables.</summary>
internal static class SwitchSets
{
    /// <summary>What groups need, found out once each: a change takes nearly all of them over.</summary>
    private static readonly ConditionalWeakTable<ServerGroup, StrongBox<SwitchSet>> OfGroups = [];

    /// <summary>What tables need, save for <see cref="SwitchSet.SeveralArms"/>, which depends on the interfaces.</summary>
    internal static SwitchSet Needs(ForwardingTables tables)
    {
        var needs = SwitchSet.None;
        if (tables.Vips.Any(static v => Wire.IsIpv6(v.Address.BaseAddress)))
            needs |= SwitchSet.Ipv6;
        if (tables.Vips.Any(static v => !v.Address.IsSingle()))
            needs |= SwitchSet.Prefixes;
        if (tables.Services.Any(static s => s.AccessList is not null))
            needs |= SwitchSet.Access;
        if (!tables.Peers.IsEmpty)
            needs |= SwitchSet.Peers;
        foreach (var group in tables.Groups)
            needs |= OfGroups.GetValue(group, static g => new StrongBox<SwitchSet>(Needs(g))).Value;
        return needs;
    }

    private static SwitchSet Needs(ServerGroup group)
    {
        var needs = SwitchSet.None;
        foreach (var server in group.Servers)
        {
            var way = server.Way ?? group.Key.Way;
            if (way.OuterSource4 is not null || way.OuterSource6 is not null)
                needs |= SwitchSet.OuterSources;
            if (way.Encapsulation is Model.Encapsulation.Gue or Model.Encapsulation.Gre)
                needs |= SwitchSet.UdpAndGre;
            if (way.Encapsulation is not null && server.Address.AddressFamily == AddressFamily.InterNetworkV6)
                needs |= SwitchSet.Outer6;
        }
        return needs;
    }

    /// <summary>As the program reads it.</summary>
    internal static Switches ToSwitches(this SwitchSet set, int flowBuckets)
    {
        byte Flag(SwitchSet one) => set.HasFlag(one) ? (byte)1 : (byte)0;
        return new Switches
        {
            OneArm = set.HasFlag(SwitchSet.SeveralArms) ? (byte)0 : (byte)1,
            Ipv6 = Flag(SwitchSet.Ipv6),
            Outer6 = Flag(SwitchSet.Outer6),
            UdpAndGre = Flag(SwitchSet.UdpAndGre),
            OuterSources = Flag(SwitchSet.OuterSources),
            Prefixes = Flag(SwitchSet.Prefixes),
            Access = Flag(SwitchSet.Access),
            Peers = Flag(SwitchSet.Peers),
            FlowBuckets = (uint)flowBuckets,
        };
    }

    /// <summary>Whether it is one address.</summary>
    internal static bool IsSingle(this System.Net.IPNetwork prefix) =>
        prefix.PrefixLength == (Wire.IsIpv6(prefix.BaseAddress) ? 128 : 32);
}
