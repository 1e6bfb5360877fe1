namespace Sidestep.Api;

/// <summary>Names of conditions. They are part of the contract: a new meaning gets a new name.</summary>
public static class ConditionNames
{
    /// <summary>The VIP is on the loopback device with the longest prefix, and on no other device. Subject: the
    /// VIP.</summary>
    public const string Vip = "vip";

    /// <summary>The device is up. Subject: the device, as for all device settings below.</summary>
    public const string DeviceUp = "device-up";

    /// <summary>The kernel does not reply to ARP requests for the VIP (arp_ignore).</summary>
    public const string ArpIgnore = "arp-ignore";

    /// <summary>The kernel does not send the VIP in ARP requests (arp_announce).</summary>
    public const string ArpAnnounce = "arp-announce";

    /// <summary>The value of arp_filter, for information: every value meets the condition.</summary>
    public const string ArpFilter = "arp-filter";

    /// <summary>Proxy ARP is off, of both kinds.</summary>
    public const string ProxyArp = "proxy-arp";

    /// <summary>The kernel does not advertise the VIP to neighbours (RFC 4861). Subject: the VIP.</summary>
    public const string NeighbourSuppression = "neighbour-suppression";

    /// <summary>The reverse-path filter is not strict.</summary>
    public const string RpFilter = "rp-filter";

    /// <summary>The host decapsulates. Subject: the device, or the encapsulation.</summary>
    public const string Decapsulation = "decapsulation";

    /// <summary>The host accepts outer headers from the directors. Subject: the device, or the encapsulation.</summary>
    public const string DecapsulationSources = "decapsulation-sources";

    /// <summary>The host accepts inner packets for the VIPs.</summary>
    public const string DecapsulationVips = "decapsulation-vips";

    /// <summary>The host accepts outer headers for its own addresses.</summary>
    public const string DecapsulationAddresses = "decapsulation-addresses";

    /// <summary>No tc filter that runs earlier consumes the packets.</summary>
    public const string EarlierFilter = "earlier-filter";

    /// <summary>SYN-ACKs from the VIP contain an MSS that fits. Subject: the VIP.</summary>
    public const string MssClamp = "mss-clamp";

    /// <summary>There is a route back to every client.</summary>
    public const string DefaultRoute = "default-route";

    /// <summary>The settings survive a restart of the host.</summary>
    public const string Persistence = "persistence";

    /// <summary>The host's files hold no harmful settings from other instructions for direct server return.</summary>
    public const string LegacyConfig = "legacy-config";
}

/// <summary>Names of the counters in an agent's report. A report contains those that the host has.</summary>
public static class AgentCounterNames
{
    /// <summary>Packets that the host decapsulated.</summary>
    public const string Decapsulated = "decapsulated";

    /// <summary>Packets for a VIP that were dropped because the outer source is no director.</summary>
    public const string RejectedSource = "rejectedSource";

    /// <summary>Packets of a director that were dropped because the inner destination is no VIP.</summary>
    public const string RejectedVip = "rejectedVip";

    /// <summary>Packets of a director to another address, which are left to the kernel.</summary>
    public const string RejectedDestination = "rejectedDestination";

    /// <summary>Malformed packets, which are dropped.</summary>
    public const string Malformed = "malformed";

    /// <summary>Packets of a director that were fragmented in transit.</summary>
    public const string OuterFragment = "outerFragment";

    /// <summary>Kernel counter TcpExt IPReversePathFilter.</summary>
    public const string ReversePathFilter = "kernel.IPReversePathFilter";

    /// <summary>Kernel counter TcpExt ListenDrops.</summary>
    public const string ListenDrops = "kernel.ListenDrops";

    /// <summary>Kernel counter TcpExt ListenOverflows.</summary>
    public const string ListenOverflows = "kernel.ListenOverflows";

    /// <summary>Kernel counter Tcp OutRsts.</summary>
    public const string ResetsSent = "kernel.TcpOutRsts";

    /// <summary>Kernel counter Tcp InCsumErrors.</summary>
    public const string TcpChecksumErrors = "kernel.TcpInCsumErrors";

    /// <summary>Kernel counter Udp InCsumErrors.</summary>
    public const string UdpChecksumErrors = "kernel.UdpInCsumErrors";

    /// <summary>Kernel counter Udp NoPorts.</summary>
    public const string UdpNoPorts = "kernel.UdpNoPorts";
}
