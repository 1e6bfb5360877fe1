namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>Profiles, pools, servers, access lists and peers.</summary>
internal static class ProfileAndPoolMistakes
{
    public static Mistake[] All { get; } =
    [
        new("an unknown state",
            "state: enabled",
            "state: drain",
            "24:16: error: pools[0].servers[0].state: drain: not a possible value. Write enabled, draining or "
            + "disabled."),
        new("an outer source with host bits",
            "encapsulation: ipip",
            "outerSource: 198.18.0.1/15",
            "14:18: error: networkProfiles[1].outerSource: 198.18.0.1/15: has bits set after the first 15. "
            + "Write 198.18.0.0/15."),
        new("an outer source that is too small",
            "encapsulation: ipip",
            "outerSource: [198.18.0.0/28, \"2001:db8::/64\"]",
            "14:19: error: networkProfiles[1].outerSource[0]: 198.18.0.0/28: has fewer than 256 addresses. "
            + "Write a prefix of at most 24 bits."),
        new("two outer sources of one family",
            "encapsulation: ipip",
            "outerSource: [198.18.0.0/16, 198.19.0.0/16]",
            "14:34: error: networkProfiles[1].outerSource[1]: 198.19.0.0/16: a second prefix of the same "
            + "family. Keep one IPv4 and one IPv6 prefix at most."),
        new("an outer source with a VIP",
            "encapsulation: ipip",
            "outerSource: 203.0.113.0/24",
            "14:18: error: networkProfiles[1].outerSource: 203.0.113.0/24: contains the VIP 203.0.113.10 "
            + "of virtualServices[0].vip. Choose a prefix that nothing else uses. See line 29."),
        new("an outer source at layer 2",
            "dsrType: l2",
            "dsrType: l2\n    outerSource: 198.18.0.0/15\n    guePort: 6081",
            "13:18: warning: networkProfiles[0].outerSource: 198.18.0.0/15: ignored: at layer 2 (dsrType: l2) "
            + "nothing is encapsulated. Remove the key, or set dsrType to l3.",
            "14:14: warning: networkProfiles[0].guePort: 6081: ignored: at layer 2 (dsrType: l2) nothing is "
            + "encapsulated. Remove the key, or set dsrType to l3."),
        new("an outer source with GUE",
            "encapsulation: ipip",
            "encapsulation: gue\n    outerSource: 198.18.0.0/15",
            "15:18: warning: networkProfiles[1].outerSource: 198.18.0.0/15: ignored with GUE, whose source "
            + "port differs per flow already. Remove the key, unless servers of the profile have another "
            + "encapsulation."),
        new("a GUE port out of range",
            "encapsulation: ipip",
            "encapsulation: gue\n    guePort: 0",
            "15:14: error: networkProfiles[1].guePort: 0: out of range. Write a whole number from 1 to 65535."),
        new("an unknown policy for what is too big",
            "encapsulation: ipip",
            "oversized: ignore",
            "14:16: error: networkProfiles[1].oversized: ignore: not a possible value. Write icmp, fragment or drop."),
        new("a timeout of a week",
            "encapsulation: ipip",
            "idleTimeouts: { tcp: 604800, fin: 10 }",
            "14:26: error: networkProfiles[1].idleTimeouts.tcp: 604800: out of range. Write a whole number "
            + "from 1 to 86400.",
            "14:34: error: networkProfiles[1].idleTimeouts.fin: 10: the mapping idleTimeouts has no such key. "
            + "Its keys are tcp, udp, icmp, afterFin, afterRst."),
        new("a timeout with a unit",
            "encapsulation: ipip",
            "idleTimeouts: { tcp: 1h }",
            "14:26: error: networkProfiles[1].idleTimeouts.tcp: 1h: not a whole number in decimal digits. "
            + "Write a whole number from 1 to 86400."),
        new("a number for the timeouts",
            "encapsulation: ipip",
            "idleTimeouts: 60",
            "14:19: error: networkProfiles[1].idleTimeouts: 60: this is a single value. Write the mapping "
            + "idleTimeouts as a mapping with the keys tcp, udp, icmp, afterFin, afterRst."),
        new("persistence without a timeout",
            "slots: 1021",
            "persistence: { prefixLength4: 33 }",
            "19:18: error: pools[0].persistence.timeout: the mapping persistence must have the key timeout. "
            + "Add it to this mapping.",
            "19:35: error: pools[0].persistence.prefixLength4: 33: out of range. Write a whole number from 1 "
            + "to 32."),
        new("a drain that ends in nothing",
            "slots: 1021",
            "drain: { deadline: 0, onDeadline: kill }",
            "19:24: error: pools[0].drain.deadline: 0: out of range. Write a whole number from 1 to 86400.",
            "19:39: error: pools[0].drain.onDeadline: kill: not a possible value. Write keep, rehash or reset."),
        new("minimum servers without backup",
            "slots: 1021",
            "minServers: 2",
            "19:17: warning: pools[0].minServers: 2: ignored: the pool has no backup servers. Remove the "
            + "key, or set backup: true for some servers."),
        new("fragments without tracking in a pool that tracks clients",
            "slots: 1021",
            "fragmentTracking: false\n    persistence: { timeout: 60 }",
            "19:23: warning: pools[0].fragmentTracking: false: ignored: the pool tracks flows or clients, and only the "
            + "first fragment has the ports of the flow. Remove the key, or use algorithm: consistent-hash without "
            + "persistence."),
        new("a GUE server at layer 2",
            "weight: 5",
            "weight: 5\n        encapsulation: gue",
            "24:24: warning: pools[0].servers[0].encapsulation: gue: ignored for service www, which reaches "
            + "this pool at layer 2, where nothing is encapsulated. Remove the key, or use a network profile "
            + "with dsrType: l3."),
        new("round robin with other directors",
            " }\nnetworkProfiles:\n  - name: fast\n    type: tcp-fast-path\n    dsrType: "
            + "l2\n  - name: routed\n    encapsulation: ipip\npools:\n  - name: web\n    algorithm: consistent-hash",
            ", peers: [192.0.2.2, 10.0.0.1] }\nnetworkProfiles:\n  - name: fast\n    type: tcp-fast-path\n"
            + "    dsrType: l2\n  - "
            + "name: routed\n    encapsulation: ipip\npools:\n  - name: web\n    algorithm: round-robin\n    "
            + "persistence: { timeout: 60 }",
            "17:16: warning: pools[0].algorithm: round-robin: directors do not share which flows they track: with "
            + "other directors (group.peers), connections that move to another director may reach another server "
            + "and break. Use algorithm: consistent-hash without persistence, or keep one "
            + "director active at a time.",
            "18:18: warning: pools[0].persistence: directors do not share which clients they track: with other "
            + "directors (group.peers), connections that move to another director may reach another server and "
            + "break. Use algorithm: consistent-hash without persistence, or keep one director active at a "
            + "time."),
        new("a peer that is a VIP",
            "092b4d6f\" }",
            "092b4d6f\", peers: [203.0.113.10] }",
            "8:63: error: group.peers[0]: 203.0.113.10: the VIP of service www, which all "
            + "directors share. Write the director's own address. See line 28."),
        new("a peer that is no address",
            "092b4d6f\" }",
            "092b4d6f\", peers: [edge2] }",
            "8:63: error: group.peers[0]: edge2: not an IPv4 address of four decimal numbers from 0 to "
            + "255. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("the destination port of one",
            "hashFields: source-address",
            "hashFields: destination-port",
            "32:11: warning: virtualServices[0].pool: web: the pool chooses by the destination port "
            + "(hashFields: destination-port), and the service has only one, so one server gets everything. Use "
            + "a pool with other hashFields.",
            "40:11: warning: virtualServices[1].pool: web: the pool chooses by the destination port "
            + "(hashFields: destination-port), and the service has only one, so one server gets everything. Use "
            + "a pool with other hashFields."),
        new("an access list that is not there",
            "pool: web\n    networkProfile: fast",
            "pool: web\n    networkProfile: fast\n    accessList: office",
            "34:17: error: virtualServices[0].accessList: office: there is no access list of this name. Add "
            + "it to accessLists, or name an existing one."),
        new("an access list that contradicts itself",
            "pools:\n",
            "accessLists:\n  - name: office\n    allow: [192.0.2.0/24, 198.51.100.0/24]\n    deny: [192.0.2.128/25, "
            + "192.0.2.0/24]\npools:\n",
            "18:28: error: accessLists[0].deny[1]: 192.0.2.0/24: also allowed, by "
            + "accessLists[0].allow[0]. Keep one of the two. See line 17.",
            "16:11: warning: accessLists[0].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service."),
        new("an access list with a prefix twice",
            "pools:\n",
            "accessLists:\n  - name: office\n    allow: [192.0.2.7, 192.0.2.7/32]\npools:\n",
            "17:24: error: accessLists[0].allow[1]: 192.0.2.7/32: already in this list, as "
            + "accessLists[0].allow[0]. Keep one of the two. See line 17.",
            "16:11: warning: accessLists[0].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service."),
        new("an access list with host bits",
            "pools:\n",
            "accessLists:\n  - name: office\n    deny: [192.0.2.7/24, \"2001:db8::1/32\"]\npools:\n",
            "17:12: error: accessLists[0].deny[0]: 192.0.2.7/24: has bits set after the first 24. Write "
            + "192.0.2.0/24, or the address alone.",
            "17:26: error: accessLists[0].deny[1]: 2001:db8::1/32: has bits set after the first 32. Write "
            + "2001:db8::/32, or the address alone.",
            "16:11: warning: accessLists[0].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service."),
        new("an empty access list",
            "pools:\n",
            "accessLists:\n  - name: office\npools:\n",
            "16:11: warning: accessLists[0].name: office: the list is empty, so every source may use the service. Add "
            + "prefixes to it.",
            "16:11: warning: accessLists[0].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service."),
        new("two access lists of one name",
            "pools:\n",
            "accessLists:\n  - { name: office, deny: [192.0.2.7] }\n  - { name: office, deny: [192.0.2.8] }\npools:\n",
            "17:13: error: accessLists[1].name: office: the access list accessLists[0] has the same name. "
            + "Rename one of the two. See line 16.",
            "16:13: warning: accessLists[0].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service.",
            "17:13: warning: accessLists[1].name: office: no virtual service uses this access list. Remove "
            + "it, or name it in a service."),
        new("all servers draining",
            "state: enabled\n      - name: web2\n        address: 10.0.0.12",
            "state: draining",
            "30:11: warning: virtualServices[0].pool: web: all servers of this pool are draining, disabled or "
            + "have weight 0, so the service gets no new flows. Enable one and give it a weight, or set "
            + "enabled: false for the service.",
            "38:11: warning: virtualServices[1].pool: web: all servers of this pool are draining, disabled or "
            + "have weight 0, so the service gets no new flows. Enable one and give it a weight, or set "
            + "enabled: false for the service."),
    ];
}
