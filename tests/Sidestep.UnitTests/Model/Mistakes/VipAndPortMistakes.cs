namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>VIPs, prefixes, ports and ranges.</summary>
internal static class VipAndPortMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a prefix with host bits",
            "vip: 203.0.113.10",
            "vip: 203.0.113.10/24",
            "29:10: error: virtualServices[0].vip: 203.0.113.10/24: has bits set after the first 24. Write "
            + "203.0.113.0/24, or the address alone."),
        new("an IPv6 prefix with host bits",
            "vip: 203.0.113.10",
            "vip: 2001:db8::10/64",
            "29:10: error: virtualServices[0].vip: 2001:db8::10/64: has bits set after the first 64. Write "
            + "2001:db8::/64, or the address alone."),
        new("a prefix length with a leading zero",
            "vip: 203.0.113.10",
            "vip: 203.0.113.0/024",
            "29:10: error: virtualServices[0].vip: 203.0.113.0/024: the prefix length is not a number from 0 to "
            + "32. Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("a VIP prefix with a server",
            "vip: 203.0.113.10",
            "vip: 10.0.0.8/29",
            "29:10: error: virtualServices[0].vip: 10.0.0.8/29: contains 10.0.0.11, the address of a server: the "
            + "director would forward packets for this server itself to any server. Write prefixes without the "
            + "addresses of servers. See line 22."),
        new("a loopback prefix",
            "vip: 203.0.113.10",
            "vip: 127.1.0.0/16",
            "29:10: error: virtualServices[0].vip: 127.1.0.0/16: a loopback address, which cannot be a VIP. "
            + "Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("an IPv6 loopback VIP",
            "vip: 203.0.113.10",
            "vip: ::1",
            "29:10: error: virtualServices[0].vip: ::1: a loopback address, which cannot be a VIP. Write an "
            + "address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("an IPv6 multicast VIP",
            "vip: 203.0.113.10",
            "vip: ff02::1",
            "29:10: error: virtualServices[0].vip: ff02::1: a multicast address, which cannot be a VIP. Write "
            + "an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("a link-local VIP",
            "vip: 203.0.113.10",
            "vip: fe80::10",
            "29:10: error: virtualServices[0].vip: fe80::10: a link-local address, which cannot be a VIP. "
            + "Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("an IPv6 address with brackets",
            "vip: 203.0.113.10",
            "vip: \"[2001:db8::10]\"",
            "29:10: error: virtualServices[0].vip: [2001:db8::10]: not an IPv6 address. Write an address or a "
            + "prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("a server with a prefix length",
            "address: 10.0.0.11",
            "address: 10.0.0.11/24",
            "22:18: error: pools[0].servers[0].address: 10.0.0.11/24: an address with a prefix length. Write "
            + "the address alone: 10.0.0.11."),
        new("no VIP",
            "    vip: 203.0.113.10\n",
            "",
            "28:5: error: virtualServices[0].vip: a virtual service must have the key vip or vips. Add one of "
            + "them to this mapping."),
        new("a VIP twice over",
            "vip: 203.0.113.10",
            "vip: 203.0.113.10\n    vips: [203.0.113.11]",
            "28:5: error: virtualServices[0].vip: a virtual service has vip and vips, which say the same. "
            + "Keep vips only, with everything in it."),
        new("an empty list of VIPs",
            "vip: 203.0.113.10",
            "vips: []",
            "29:11: error: virtualServices[0].vips: there are 0 VIPs; at least 1 must be there. Add one."),
        new("a value for a list of VIPs",
            "vip: 203.0.113.10",
            "vips: 203.0.113.10",
            "29:11: error: virtualServices[0].vips: 203.0.113.10: this is a single value. Write a list of "
            + "VIPs, in brackets or each after a dash."),
        new("one VIP of several is wrong",
            "vip: 203.0.113.10",
            "vips: [203.0.113.10, 203.0.113, \"2001:db8::10\"]",
            "29:26: error: virtualServices[0].vips[1]: 203.0.113: not an IPv4 address of four decimal numbers "
            + "from 0 to 255. Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64.",
            "29:37: error: virtualServices[0].vips[2]: 2001:db8::10: monitors probe this VIP through the DSR path, "
            + "but no interface of the director (eth0) has a global IPv6 address for the response. Add a global IPv6 "
            + "address to one of them, or give the pool monitors with probe: server and allowUnverifiedDsrPath: true."),
        new("a VIP twice in one service",
            "vip: 203.0.113.10",
            "vips: [203.0.113.10, 203.0.113.10]",
            "29:26: error: virtualServices[0].vips[1]: 203.0.113.10: already in this service, as "
            + "virtualServices[0].vips[0]. Keep one of the two. See line 29."),
        new("no port",
            "    port: 80\n",
            "",
            "28:5: error: virtualServices[0].port: a virtual service must have the key port or ports. Add one "
            + "of them to this mapping."),
        new("port and ports",
            "port: 80",
            "port: 80\n    ports: [81]",
            "28:5: error: virtualServices[0].port: a virtual service has port and ports, which say the same. "
            + "Keep ports only, with everything in it."),
        new("a reversed range",
            "port: 80",
            "ports: [80, 8099-8000]",
            "31:17: error: virtualServices[0].ports[1]: 8099-8000: the range is reversed. Write "
            + "8000-8099."),
        new("a range out of range",
            "port: 80",
            "ports: [80, 8000-70000]",
            "31:17: error: virtualServices[0].ports[1]: 8000-70000: out of range. Write a port from 1 to "
            + "65535, a range such as 8000-8099, or any."),
        new("a range from 0",
            "port: 80",
            "ports: [0-80]",
            "31:13: error: virtualServices[0].ports[0]: 0-80: out of range. Write a port from 1 to 65535, a "
            + "range such as 8000-8099, or any."),
        new("a range without an end",
            "port: 80",
            "ports: 8000-",
            "31:12: error: virtualServices[0].ports: 8000-: neither a port nor a range of ports. Write a port "
            + "from 1 to 65535, a range such as 8000-8099, or any."),
        new("ranges that overlap",
            "port: 80",
            "ports: [8000-8099, 443, 8050-8060]",
            "31:29: error: virtualServices[0].ports[2]: 8050-8060: overlaps 8000-8099 of the same service. "
            + "Write every port once."),
        new("a port twice",
            "port: 80",
            "ports: [80, 80]",
            "31:17: error: virtualServices[0].ports[1]: 80: overlaps 80 of the same service. Write every port "
            + "once."),
        new("any beside a port",
            "port: 80",
            "ports: [any, 80]",
            "31:18: error: virtualServices[0].ports[1]: 80: overlaps any of the same service. Write every "
            + "port once."),
        new("a port with any protocol",
            "    protocol: udp\n    port: 443",
            "    protocol: any\n    port: 443",
            "39:11: error: virtualServices[1].port: 443: with protocol any the service has every port. "
            + "Remove the key, or set protocol to tcp, udp or sctp."),
        new("ports with any protocol",
            "    protocol: udp\n    port: 443",
            "    protocol: any\n    ports: [443, 444]",
            "39:13: error: virtualServices[1].ports[0]: 443: with protocol any the service has every port. "
            + "Remove the key, or set protocol to tcp, udp or sctp."),
        new("a range in port",
            "port: 80",
            "port: 80-90",
            "31:11: error: virtualServices[0].port: 80-90: not a whole number in decimal digits. Write a "
            + "whole number from 1 to 65535."),
        new("two services of one VIP for any protocol",
            "    vip: 203.0.113.10\n    protocol: tcp\n    port: 80\n    pool: web\n    networkProfile: fast\n    "
            + "enabled: true\n    trafficEnabled: true\n  - name: api\n    vip: 203.0.113.20\n    protocol: udp\n    "
            + "port: 443\n",
            "    vip: 198.51.100.0/24\n    protocol: any\n    pool: web\n    networkProfile: routed\n  - name: api\n   "
            + " vip: 198.51.100.0/24\n    protocol: any\n",
            "35:15: error: virtualServices[1].protocol: any: service www already has 198.51.100.0/24 "
            + "with any protocol. Give one of the two another VIP or protocol, or remove it. See line 28.",
            "10:11: warning: networkProfiles[0].name: fast: no virtual service uses this network profile. "
            + "Remove it, or name it in a service."),
        new("two services with one range",
            "vip: 203.0.113.20\n    protocol: udp\n    port: 443",
            "vip: 203.0.113.10\n    protocol: tcp\n    ports: [443, 80]",
            "39:18: error: virtualServices[1].ports[1]: 80: service www already has 203.0.113.10 "
            + "tcp port 80. Give one of the two another VIP or port, or remove it. See line 28."),
        new("two services with overlapping ranges of one width",
            "vip: 203.0.113.20\n    protocol: udp\n    port: 443\n    pool: web\n",
            "vip: 203.0.113.20\n    protocol: udp\n    ports: 8000-8009\n    pool: web\n  - name: api2\n    vips: "
            + "[203.0.113.21, 203.0.113.20]\n    protocol: udp\n    ports: [80, 8005-8014]\n    pool: web\n",
            "44:17: error: virtualServices[2].ports[1]: 8005-8014: service api has 203.0.113.20 udp "
            + "ports 8000-8009, a range of the same width that overlaps 8005-8014, so that neither is the "
            + "narrower one. Assign the shared ports to one of the two, or narrow its range. See line 36."),
        new("a TCP profile for any protocol",
            "    protocol: tcp\n    port: 80\n",
            "    protocol: any\n",
            "32:21: error: virtualServices[0].networkProfile: fast: the profile has the type tcp-fast-path, "
            + "but the service is for any protocol. Use a profile without a type."),
        new("a TCP profile for SCTP",
            "    protocol: tcp\n    port: 80\n",
            "    protocol: sctp\n    port: 3868\n",
            "33:21: error: virtualServices[0].networkProfile: fast: the profile has the type tcp-fast-path, "
            + "but the service is sctp. Use a profile without a type."),
        new("datagrams one by one of a TCP service",
            "    protocol: tcp\n    port: 80\n",
            "    protocol: tcp\n    oncePerDatagram: true\n    port: 80\n",
            "31:22: error: virtualServices[0].oncePerDatagram: true: the protocol of the service is tcp, and only UDP "
            + "datagrams may reach servers one by one: the packets of a connection belong together. Remove the key, or "
            + "set protocol to udp."),
        new("datagrams one by one with a pool that tracks flows and clients",
            FromAlgorithmToApi("algorithm: consistent-hash"),
            FromAlgorithmToApi("algorithm: round-robin\n    persistence: { timeout: 60 }")
            + "    oncePerDatagram: true\n",
            "40:22: error: virtualServices[1].oncePerDatagram: true: pool web keeps each client on one server "
            + "(persistence). Use a pool without persistence, or remove the key. See line 18.",
            "40:22: error: virtualServices[1].oncePerDatagram: true: pool web has an algorithm that tracks flows, and "
            + "this service has none. Use a pool with algorithm: consistent-hash, whose weights count here, too, or "
            + "remove the key. See line 17."),
        new("fragments without tracking at a VIP whose services differ",
            FromAlgorithmToApi("algorithm: consistent-hash"),
            FromAlgorithmToApi("algorithm: consistent-hash\n    fragmentTracking: false")
                .Replace("203.0.113.20\n    protocol: udp", "203.0.113.10\n    protocol: tcp",
                    StringComparison.Ordinal),
            "41:11: warning: virtualServices[1].pool: web: fragments to 203.0.113.10 tcp are tracked although "
            + "fragmentTracking is false: service www has another network profile, and later fragments do not show "
            + "their port. Give the services of a VIP the same pool, network profile and access list, or remove the "
            + "key."),
        new("a VIP without a service",
            "pools:\n",
            "vips:\n  - address: 203.0.113.11\n    echo: always\npools:\n",
            "16:14: warning: vips[0].address: 203.0.113.11: ignored: no virtual service has this VIP. Write it "
            + "exactly as a service does, or remove it."),
        new("a VIP twice in the list",
            "pools:\n",
            "vips:\n  - { address: 203.0.113.10, echo: drop }\n  - { address: 203.0.113.10 }\npools:\n",
            "17:16: error: vips[1].address: 203.0.113.10: vips[0] has this address already. "
            + "Keep one of the two. See line 16."),
        new("an unknown echo policy",
            "pools:\n",
            "vips:\n  - { address: 203.0.113.10, echo: reply }\npools:\n",
            "16:36: error: vips[0].echo: reply: not a possible value. Write active, always, forward or drop."),
        new("an IPv6 layer-2 server elsewhere",
            "address: 10.0.0.12",
            "address: 2001:db8::12",
            "26:18: error: pools[0].servers[1].address: 2001:db8::12: not on a network that is directly "
            + "attached to the director (eth0: no IPv6 network), but service www reaches this pool at layer 2. "
            + "Use a network profile with dsrType: l3, or a server on one of these networks."),
    ];

    /// <summary>A part of the valid document: from the algorithm of the pool to the protocol of the second
    /// service.</summary>
    private static string FromAlgorithmToApi(string algorithm) => $"""
            {algorithm}
            hashFields: source-address
            slots: 1021
            servers:
              - name: web1
                address: 10.0.0.11
                weight: 5
                state: enabled
              - name: web2
                address: 10.0.0.12
        virtualServices:
          - name: www
            vip: 203.0.113.10
            protocol: tcp
            port: 80
            pool: web
            networkProfile: fast
            enabled: true
            trafficEnabled: true
          - name: api
            vip: 203.0.113.20
            protocol: udp

        """[4..];
}
