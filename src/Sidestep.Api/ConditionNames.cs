namespace Sidestep.Api;

/// <summary>Names of conditions. They are part of the contract: a new meaning gets a new name.</summary>
public static class ConditionNames
{
    /// <summary>A VIP is on the loopback device (or a dummy device of the agent's), with the longest prefix, and nowhere else. Subject: the VIP.</summary>
    public const string Vip = "vip";

    /// <summary>The device is up. Subject: the device, as of all settings of devices below.</summary>
    public const string DeviceUp = "device-up";

    /// <summary>Silence about the VIP in ARP.</summary>
    public const string ArpIgnore = "arp-ignore";

    /// <summary>ARP requests do not name the VIP.</summary>
    public const string ArpAnnounce = "arp-announce";

    /// <summary>What arp_filter is.</summary>
    public const string ArpFilter = "arp-filter";

    /// <summary>No proxy ARP, of either kind.</summary>
    public const string ProxyArp = "proxy-arp";

    /// <summary>No neighbour advertisement for the VIP. Subject: the VIP.</summary>
    public const string NeighbourSuppression = "neighbour-suppression";

    /// <summary>The reverse-path filter is not strict.</summary>
    public const string RpFilter = "rp-filter";

    /// <summary>Something takes the outer header off. Subject: the device, or the encapsulation.</summary>
    public const string Decapsulation = "decapsulation";

    /// <summary>Outer headers are accepted from the directors. Subject: the device, or the encapsulation.</summary>
    public const string DecapsulationSources = "decapsulation-sources";

    /// <summary>Inner packets are accepted for the VIPs.</summary>
    public const string DecapsulationVips = "decapsulation-vips";

    /// <summary>Outer headers are accepted to the server's own addresses.</summary>
    public const string DecapsulationAddresses = "decapsulation-addresses";

    /// <summary>Nothing that runs earlier takes the packets.</summary>
    public const string EarlierFilter = "earlier-filter";

    /// <summary>SYN-ACKs of the VIP say how much fits. Subject: the VIP.</summary>
    public const string MssClamp = "mss-clamp";

    /// <summary>There is a way back to every client.</summary>
    public const string DefaultRoute = "default-route";

    /// <summary>What is set outlives a restart.</summary>
    public const string Persistence = "persistence";

    /// <summary>An old recipe that does harm.</summary>
    public const string LegacyConfig = "legacy-config";
}

/// <summary>Names of an agent's counters. Those that a host does not have are left out.</summary>
public static class AgentCounterNames
{
    /// <summary>Packets that lost their outer header and were taken in.</summary>
    public const string Decapsulated = "decapsulated";

    /// <summary>Dropped: for a VIP, but not from a director.</summary>
    public const string RejectedSource = "rejectedSource";

    /// <summary>Dropped: from a director, but not for a VIP.</summary>
    public const string RejectedVip = "rejectedVip";

    /// <summary>Left alone: from a director, to another address.</summary>
    public const string RejectedDestination = "rejectedDestination";

    /// <summary>Dropped: contradicts itself.</summary>
    public const string Malformed = "malformed";

    /// <summary>From a director, fragmented on the way.</summary>
    public const string OuterFragment = "outerFragment";

    /// <summary>TcpExt IPReversePathFilter.</summary>
    public const string ReversePathFilter = "kernel.IPReversePathFilter";

    /// <summary>TcpExt ListenDrops.</summary>
    public const string ListenDrops = "kernel.ListenDrops";

    /// <summary>TcpExt ListenOverflows.</summary>
    public const string ListenOverflows = "kernel.ListenOverflows";

    /// <summary>Tcp OutRsts.</summary>
    public const string ResetsSent = "kernel.TcpOutRsts";

    /// <summary>Tcp InCsumErrors.</summary>
    public const string TcpChecksumErrors = "kernel.TcpInCsumErrors";

    /// <summary>Udp InCsumErrors.</summary>
    public const string UdpChecksumErrors = "kernel.UdpInCsumErrors";

    /// <summary>Udp NoPorts.</summary>
    public const string UdpNoPorts = "kernel.UdpNoPorts";
}
