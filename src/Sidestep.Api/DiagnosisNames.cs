using System.Collections.Immutable;

namespace Sidestep.Api;

/// <summary>Names of diagnoses. They are part of the contract: a new meaning gets a new name.</summary>
public static class DiagnosisNames
{
    /// <summary>One of the director's interfaces does not exist.</summary>
    public const string InterfaceMissing = "interface-missing";

    /// <summary>One of the director's interfaces is down or has no carrier.</summary>
    public const string InterfaceDown = "interface-down";

    /// <summary>The engine is not attached to an interface that exists.</summary>
    public const string InterfaceDetached = "interface-detached";

    /// <summary>The VIP is an address of the director's kernel, or a local route leads to it.</summary>
    public const string VipLocalOnDirector = "vip-local-on-director";

    /// <summary>The director's own kernel drops the replies to health probes.</summary>
    public const string ProbeRepliesDropped = "probe-replies-dropped";

    /// <summary>Another director, or an unknown host, answers for a VIP.</summary>
    public const string VipConflict = "vip-conflict";

    /// <summary>A real server replies to ARP requests for a VIP.</summary>
    public const string ServerAnswersArp = "server-answers-arp";

    /// <summary>A real server replies to neighbour solicitations for a VIP, or advertises it.</summary>
    public const string ServerAdvertisesVip = "server-advertises-vip";

    /// <summary>No server of a pool accepts new flows: each is draining, disabled, or has weight 0.</summary>
    public const string NoServerForNewFlows = "no-server-for-new-flows";

    /// <summary>The director has no route to the server.</summary>
    public const string NoRouteToServer = "no-route-to-server";

    /// <summary>A server of a layer-2 pool is behind a router.</summary>
    public const string ServerNotAttached = "server-not-attached";

    /// <summary>The next hop does not reply to ARP or neighbour solicitation.</summary>
    public const string NextHopUnresolved = "next-hop-unresolved";

    /// <summary>The director sends packets to a MAC address that the next hop does not have.</summary>
    public const string NextHopStale = "next-hop-stale";

    /// <summary>A server that cannot decapsulate is in a pool that a service reaches at layer 3.</summary>
    public const string WindowsInLayer3 = "windows-server-in-layer-3-pool";

    /// <summary>The server does not have the VIP.</summary>
    public const string VipMissing = "vip-missing";

    /// <summary>The server does not decapsulate.</summary>
    public const string DecapsulationMissing = "decapsulation-missing";

    /// <summary>The server decapsulates, but rejects the packets of this director.</summary>
    public const string DecapsulationRejectsDirector = "decapsulation-rejects-director";

    /// <summary>The strict reverse-path filter of the server drops decapsulated packets.</summary>
    public const string StrictReversePathFilter = "strict-reverse-path-filter";

    /// <summary>No application listens on the VIP and port.</summary>
    public const string NotListening = "not-listening";

    /// <summary>The application listens on the server's own address, but not on the VIP.</summary>
    public const string ListeningOnServerAddressOnly = "listening-on-server-address-only";

    /// <summary>The application listens on another port.</summary>
    public const string PortMismatch = "port-mismatch";

    /// <summary>Replies have another source than the VIP.</summary>
    public const string WrongReplySource = "wrong-reply-source";

    /// <summary>The server has no default route.</summary>
    public const string DefaultRouteMissing = "default-route-missing";

    /// <summary>The server's default route leads to the director.</summary>
    public const string DefaultRouteToDirector = "default-route-to-director";

    /// <summary>A network device of the server has no link-local address, which IPv6 needs for neighbour
    /// discovery.</summary>
    public const string LinkLocalMissing = "link-local-missing";

    /// <summary>The server receives requests and does not reply, although the application listens.</summary>
    public const string ServerDropsRequests = "server-drops-requests";

    /// <summary>The server's replies do not arrive.</summary>
    public const string ReplyDroppedInTransit = "reply-dropped-in-transit";

    /// <summary>The path MTU between director and server is smaller than the MTU of the director's interface.</summary>
    public const string MtuTooSmall = "mtu-too-small";

    /// <summary>The server advertises an MSS that is too large for the path.</summary>
    public const string MssNotClamped = "mss-not-clamped";

    /// <summary>Packets arrive with wrong checksums.</summary>
    public const string ChecksumOffloadBroken = "checksum-offload-broken";

    /// <summary>The DSR path through the server does not work, and no diagnosis above explains it.</summary>
    public const string DsrPathDown = "dsr-path-down";

    /// <summary>Health checks of a server fail, but the doctor's probes find nothing that explains it.</summary>
    public const string HealthChecksFailing = "health-checks-failing";

    /// <summary>XDP runs in the network stack although the configuration has the driver native.</summary>
    public const string XdpModeDegraded = "xdp-mode-degraded";

    /// <summary>Settings or addresses of a server were changed, or are wrong.</summary>
    public const string Drift = "drift";

    /// <summary>An agent has stopped reporting.</summary>
    public const string AgentSilent = "agent-silent";

    /// <summary>The clocks of director and server differ.</summary>
    public const string ClockSkew = "clock-skew";

    /// <summary>The versions of director and agent differ.</summary>
    public const string VersionSkew = "version-skew";

    /// <summary>All names, in the order of the report: possible causes before their consequences.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        InterfaceMissing, InterfaceDown, InterfaceDetached,
        VipLocalOnDirector, ProbeRepliesDropped, VipConflict, ServerAnswersArp, ServerAdvertisesVip,
        NoServerForNewFlows, NoRouteToServer, ServerNotAttached, NextHopUnresolved, NextHopStale,
        WindowsInLayer3, VipMissing, DecapsulationMissing, DecapsulationRejectsDirector, StrictReversePathFilter,
        ListeningOnServerAddressOnly, PortMismatch, NotListening,
        WrongReplySource, DefaultRouteToDirector, DefaultRouteMissing, LinkLocalMissing, ChecksumOffloadBroken,
            ServerDropsRequests, ReplyDroppedInTransit,
        DsrPathDown, HealthChecksFailing, MtuTooSmall, MssNotClamped,
        XdpModeDegraded, Drift, AgentSilent, ClockSkew, VersionSkew,
    ];
}
