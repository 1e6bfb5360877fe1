using System.Collections.Immutable;

namespace Sidestep.Api;

/// <summary>Names of diagnoses. They are part of the contract: a new meaning gets a new name.</summary>
public static class DiagnosisNames
{
    /// <summary>The director's kernel has the VIP.</summary>
    public const string VipLocalOnDirector = "vip-local-on-director";

    /// <summary>Another director, or a stranger, answers for a VIP.</summary>
    public const string VipConflict = "vip-conflict";

    /// <summary>A real server answers ARP for a VIP.</summary>
    public const string ServerAnswersArp = "server-answers-arp";

    /// <summary>A real server answers neighbour solicitation for a VIP, or advertises it.</summary>
    public const string ServerAdvertisesVip = "server-advertises-vip";

    /// <summary>The director has no route to the server.</summary>
    public const string NoRouteToServer = "no-route-to-server";

    /// <summary>A server of a layer-2 pool is behind a router.</summary>
    public const string ServerNotAttached = "server-not-attached";

    /// <summary>The next hop does not answer ARP or neighbour solicitation.</summary>
    public const string NextHopUnresolved = "next-hop-unresolved";

    /// <summary>Packets go to an Ethernet address that the next hop does not have.</summary>
    public const string NextHopStale = "next-hop-stale";

    /// <summary>A server that cannot take off an outer header is in a pool where it must.</summary>
    public const string WindowsInLayer3 = "windows-server-in-layer-3-pool";

    /// <summary>The server does not have the VIP.</summary>
    public const string VipMissing = "vip-missing";

    /// <summary>Nothing takes the outer header off.</summary>
    public const string DecapsulationMissing = "decapsulation-missing";

    /// <summary>What takes the outer header off does not take this director's.</summary>
    public const string DecapsulationRejectsDirector = "decapsulation-rejects-director";

    /// <summary>The strict reverse-path filter drops what came out of the outer header.</summary>
    public const string StrictReversePathFilter = "strict-reverse-path-filter";

    /// <summary>Nothing listens on the VIP and port.</summary>
    public const string NotListening = "not-listening";

    /// <summary>The application listens on the server's own address, and not on the VIP.</summary>
    public const string ListeningOnServerAddressOnly = "listening-on-server-address-only";

    /// <summary>The application listens on another port.</summary>
    public const string PortMismatch = "port-mismatch";

    /// <summary>Replies have another source than the VIP.</summary>
    public const string WrongReplySource = "wrong-reply-source";

    /// <summary>The server has no default route.</summary>
    public const string DefaultRouteMissing = "default-route-missing";

    /// <summary>The server's default route leads to the director.</summary>
    public const string DefaultRouteToDirector = "default-route-to-director";

    /// <summary>A network card of the server has no link-local address, which IPv6 asks for neighbours with.</summary>
    public const string LinkLocalMissing = "link-local-missing";

    /// <summary>The server gets requests and does not answer them, although the application listens.</summary>
    public const string ServerDropsRequests = "server-drops-requests";

    /// <summary>The server's replies do not arrive.</summary>
    public const string ReplyDroppedInTransit = "reply-dropped-in-transit";

    /// <summary>Between director and server less fits than the director's interface takes.</summary>
    public const string MtuTooSmall = "mtu-too-small";

    /// <summary>The server asks clients for segments that do not fit.</summary>
    public const string MssNotClamped = "mss-not-clamped";

    /// <summary>Packets arrive with wrong checksums.</summary>
    public const string ChecksumOffloadBroken = "checksum-offload-broken";

    /// <summary>The way through the server does not work, and nothing above says why.</summary>
    public const string DsrPathDown = "dsr-path-down";

    /// <summary>Health checks find a server unfit, although the doctor's probes find nothing that explains it.</summary>
    public const string HealthChecksFailing = "health-checks-failing";

    /// <summary>XDP runs in the network stack although the driver was wanted.</summary>
    public const string XdpModeDegraded = "xdp-mode-degraded";

    /// <summary>Settings or addresses of a server were changed, or are not as they must be.</summary>
    public const string Drift = "drift";

    /// <summary>An agent that reported does so no more.</summary>
    public const string AgentSilent = "agent-silent";

    /// <summary>The clocks of director and server differ.</summary>
    public const string ClockSkew = "clock-skew";

    /// <summary>The versions of director and agent differ.</summary>
    public const string VersionSkew = "version-skew";

    /// <summary>All, in the order that they are told in: what may be the cause of another comes before it.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        VipLocalOnDirector, VipConflict, ServerAnswersArp, ServerAdvertisesVip,
        NoRouteToServer, ServerNotAttached, NextHopUnresolved, NextHopStale,
        WindowsInLayer3, VipMissing, DecapsulationMissing, DecapsulationRejectsDirector, StrictReversePathFilter,
        ListeningOnServerAddressOnly, PortMismatch, NotListening,
        WrongReplySource, DefaultRouteToDirector, DefaultRouteMissing, LinkLocalMissing, ChecksumOffloadBroken, ServerDropsRequests, ReplyDroppedInTransit,
        DsrPathDown, HealthChecksFailing, MtuTooSmall, MssNotClamped,
        XdpModeDegraded, Drift, AgentSilent, ClockSkew, VersionSkew,
    ];
}
