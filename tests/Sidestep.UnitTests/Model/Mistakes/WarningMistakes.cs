namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>What works but is probably not meant.</summary>
internal static class WarningMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a redundant port in a pool of one port",
            " - name: api\n    vip: 203.0.113.20\n    protocol: udp\n    port: 443\n    pool: web\n    "
            + "networkProfile: routed\n",
            "",
            "13:11: warning: networkProfiles[1].name: routed: no virtual service uses this network profile. "
            + "Remove it, or name it in a service."),
        new("an unused pool",
            "pools:\n",
            "pools:\n  - name: old\n    servers: [{ name: a, address: 10.0.0.99 }]\n",
            "16:11: warning: pools[0].name: old: no virtual service uses this pool. Remove it, or name it in "
            + "a service."),
        new("an unused profile",
            "networkProfiles:\n",
            "networkProfiles:\n  - name: old\n",
            "10:11: warning: networkProfiles[0].name: old: no virtual service uses this network profile. "
            + "Remove it, or name it in a service."),
        new("all weights are zero",
            "weight: 5\n        state: enabled\n      - name: web2\n        address: 10.0.0.12",
            "weight: 0",
            "29:11: warning: virtualServices[0].pool: web: all servers of this pool are disabled or have "
            + "weight 0, so the service drops every packet. Enable one and give it a weight, or set enabled: "
            + "false for the service.",
            "37:11: warning: virtualServices[1].pool: web: all servers of this pool are disabled or have "
            + "weight 0, so the service drops every packet. Enable one and give it a weight, or set enabled: "
            + "false for the service."),
        new("all servers are disabled",
            "state: enabled\n      - name: web2\n        address: 10.0.0.12",
            "state: disabled",
            "30:11: warning: virtualServices[0].pool: web: all servers of this pool are disabled or have "
            + "weight 0, so the service drops every packet. Enable one and give it a weight, or set enabled: "
            + "false for the service.",
            "38:11: warning: virtualServices[1].pool: web: all servers of this pool are disabled or have "
            + "weight 0, so the service drops every packet. Enable one and give it a weight, or set enabled: "
            + "false for the service."),
        new("an empty pool",
            "servers:\n      - name: web1\n        address: 10.0.0.11\n        weight: 5\n        state: enabled\n  "
            + "    - name: web2\n        address: 10.0.0.12",
            "servers: []",
            "26:11: warning: virtualServices[0].pool: web: this pool has no servers, so the service drops "
            + "every packet. Add servers to the pool, or set enabled: false for the service.",
            "34:11: warning: virtualServices[1].pool: web: this pool has no servers, so the service drops "
            + "every packet. Add servers to the pool, or set enabled: false for the service."),
        new("an encapsulation at layer 2",
            "dsrType: l2",
            "dsrType: l2\n    encapsulation: ipip",
            "13:20: warning: networkProfiles[0].encapsulation: ipip: ignored: at layer 2 (dsrType: l2) "
            + "nothing is encapsulated. Remove the key, or set dsrType to l3."),
        new("a hash key of zeros",
            "8f1c2a63b0d94e57a1c3f5e7092b4d6f",
            "00000000000000000000000000000000",
            "8:19: warning: group.hashKey: 00000000000000000000000000000000: a public key, with which a client can "
            + "aim all its flows at one server. Make one with `openssl rand -hex 16`."),
        new("the hash key of the documentation",
            "8f1c2a63b0d94e57a1c3f5e7092b4d6f",
            "0123456789abcdef0123456789ABCDEF",
            "8:19: warning: group.hashKey: 0123456789abcdef0123456789ABCDEF: a public key, with which a client can "
            + "aim all its flows at one server. Make one with `openssl rand -hex 16`."),
        new("an interface that is not here",
            "- name: eth0\n      driver: native",
            "- name: eth1",
            "4:13: warning: node.interfaces[0].name: eth1: no such interface on this machine, so it was "
            + "not checked whether servers of layer-2 pools are on directly attached networks, and whether a "
            + "VIP or server address is local to the director. Did you mean eth0? Otherwise check again on the "
            + "director."),
        new("one of two interfaces is not here",
            "- name: eth0\n      driver: native",
            "- name: eth0\n    - name: wan",
            "5:13: warning: node.interfaces[1].name: wan: no such interface on this machine, so it was "
            + "not checked whether servers of layer-2 pools are on directly attached networks. Check again on "
            + "the director; the interfaces here are lo, eth0."),
    ];
}
