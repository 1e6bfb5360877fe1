namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>What other load balancers have and direct server return cannot have.</summary>
internal static class UnsupportedFeatureMistakes
{
    public static Mistake[] All { get; } =
    [
        new("cookie stickiness",
            "slots: 1021",
            "cookieStickiness: true",
            "19:5: error: pools[0].cookieStickiness: true: stickiness by cookie or session needs the reply: "
            + "replies go straight from the server to the client, so the director cannot set a cookie. Remove "
            + "it; hashFields: source-address in the pool keeps a client on one server."),
        new("persistence",
            "slots: 1021",
            "session_persistence: { cookie: JSESSIONID }",
            "19:5: error: pools[0].session_persistence: stickiness by cookie or session needs the reply: "
            + "replies go straight from the server to the client, so the director cannot set a cookie. Remove "
            + "it; hashFields: source-address in the pool keeps a client on one server."),
        new("header insertion",
            "trafficEnabled: true",
            "insertHeaders: { X-Forwarded-For: client }",
            "35:5: error: virtualServices[0].insertHeaders: header rules need a proxy: replies go straight "
            + "from the server to the client, so the director neither terminates connections nor changes their "
            + "content. Remove it; the server sees the client's own address without any header."),
        new("header rules in a profile",
            "encapsulation: ipip",
            "header-rules: []",
            "14:5: error: networkProfiles[1].header-rules: header rules need a proxy: replies go straight "
            + "from the server to the client, so the director neither terminates connections nor changes their "
            + "content. Remove it; the server sees the client's own address without any header."),
        new("a SYN proxy",
            "encapsulation: ipip",
            "synProxy: true",
            "14:5: error: networkProfiles[1].synProxy: true: a SYN proxy or SYN cookies need the reply: "
            + "replies go straight from the server to the client, so the director cannot continue a connection that "
            + "it began for the server. Remove it and use the SYN cookies of the real servers: "
            + "net.ipv4.tcp_syncookies=1."),
        new("SYN cookies",
            "encapsulation: ipip",
            "SYNCookies: true",
            "14:5: error: networkProfiles[1].SYNCookies: true: a SYN proxy or SYN cookies need the reply: "
            + "replies go straight from the server to the client, so the director cannot continue a connection that "
            + "it began for the server. Remove it and use the SYN cookies of the real servers: "
            + "net.ipv4.tcp_syncookies=1."),
        new("the PROXY protocol",
            "weight: 5",
            "proxyProtocol: v2",
            "23:9: error: pools[0].servers[0].proxyProtocol: v2: proxying needs the reply: replies go "
            + "straight from the server to the client, so the director forwards packets and terminates no connection. "
            + "Remove it, or run a proxy as the real server."),
        new("TLS termination",
            "trafficEnabled: true",
            "tlsTermination: true",
            "35:5: error: virtualServices[0].tlsTermination: true: TLS termination needs the reply: replies "
            + "go straight from the server to the client, so the director is no endpoint of the connection. "
            + "Remove it and let the real servers terminate TLS."),
        new("a certificate",
            "trafficEnabled: true",
            "certificate: /etc/ssl/www.pem",
            "35:5: error: virtualServices[0].certificate: /etc/ssl/www.pem: TLS termination needs the reply: "
            + "replies go straight from the server to the client, so the director is no endpoint of the connection. "
            + "Remove it and let the real servers terminate TLS."),
        new("HTTP rules",
            "trafficEnabled: true",
            "httpRules: []",
            "35:5: error: virtualServices[0].httpRules: HTTP needs a proxy: replies go straight from the "
            + "server to the client, so the director forwards at layer 4 without reading HTTP. Remove it, or "
            + "run an HTTP proxy as the real server."),
        new("source NAT",
            "trafficEnabled: true",
            "sourceNat: auto",
            "35:5: error: virtualServices[0].sourceNat: auto: address translation needs the reverse translation of "
            + "the reply, and with direct server return no reply passes the director. Remove it; the server sees "
            + "the client's address and replies with the VIP as source."),
        new("a source NAT pool",
            "slots: 1021",
            "snatPool: x",
            "19:5: error: pools[0].snatPool: x: address translation needs the reverse translation of the reply, and "
            + "with direct server return no reply passes the director. Remove it; the server sees the client's "
            + "address and replies with the VIP as source."),
        new("a target port",
            "trafficEnabled: true",
            "targetPort: 8080",
            "35:5: error: virtualServices[0].targetPort: 8080: port translation is impossible: the reply goes "
            + "straight to the client, which would see the wrong port. Remove it and let the real "
            + "servers listen on the port of the service."),
        new("compression",
            "trafficEnabled: true",
            "compression: gzip",
            "35:5: error: virtualServices[0].compression: gzip: compression, caching and rewriting need the "
            + "reply: replies go straight from the server to the client, so the director never sees one. Remove "
            + "it, or do it on the real servers."),
        new("caching",
            "trafficEnabled: true",
            "cache: 60",
            "35:5: error: virtualServices[0].cache: 60: compression, caching and rewriting need the reply: "
            + "replies go straight from the server to the client, so the director never sees one. Remove it, or "
            + "do it on the real servers."),
        new("a redirect",
            "trafficEnabled: true",
            "redirect: https://example.org",
            "35:5: error: virtualServices[0].redirect: https://example.org: HTTP needs a proxy: replies go "
            + "straight from the server to the client, so the director forwards at layer 4 without reading "
            + "HTTP. Remove it, or run an HTTP proxy as the real server."),
        new("health checks",
            "slots: 1021",
            "healthMonitors: [tcp]",
            "19:5: error: pools[0].healthMonitors: monitors are written once, in the section healthMonitors of the "
            + "document, and pools name them. Write them there, and their names in the key monitors of the pool."),
    ];
}
