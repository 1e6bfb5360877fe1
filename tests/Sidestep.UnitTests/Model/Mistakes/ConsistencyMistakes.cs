namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>Values that contradict others.</summary>
internal static class ConsistencyMistakes
{
    public static Mistake[] All { get; } =
    [
        new("two interfaces of one name",
            "- name: eth0\n      driver: native",
            "- name: eth0\n    - name: eth0",
            "5:13: error: node.interfaces[1].name: eth0: the interface node.interfaces[0] has the "
            + "same name. Keep one of the two. See line 4."),
        new("metrics for other machines without certificates",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "metrics: { listen: [ \"127.0.0.1:9638\", \"10.0.0.2:9638\" ] }\n",
            "7:42: error: node.metrics.listen[1]: 10.0.0.2:9638: reachable from other machines, and there is no "
            + "certificate to encrypt with. Add the mapping tls, or listen on 127.0.0.1 or [::1]."),
        new("management from other machines without a certificate",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "management: { listen: [ \"[::1]:7480\", \"10.0.0.2:7480\" ] }\n",
            "7:41: error: node.management.listen[1]: 10.0.0.2:7480: reachable from other machines, and there is no "
            + "certificate to encrypt with. Add the mapping tls, or listen on 127.0.0.1 or [::1]."),
        new("management on the ports of the API and of metrics",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "api: { listen: [ \"127.0.0.1:7443\" ], certFile: /a, keyFile: /b, caFile: /c }\n"
            + "  metrics: { listen: [ \"127.0.0.1:9638\" ] }\n"
            + "  management: { listen: [ \"127.0.0.1:7443\", \"127.0.0.1:9638\" ] }\n",
            "9:27: error: node.management.listen[0]: 127.0.0.1:7443: node.api listens there already. Take another "
            + "port.",
            "9:45: error: node.management.listen[1]: 127.0.0.1:9638: node.metrics listens there already. Take another "
            + "port."),
        new("metrics on the port of the API",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "api: { listen: [ \"127.0.0.1:7443\" ], certFile: /a, keyFile: /b, caFile: /c }\n"
            + "  metrics: { listen: [ \"127.0.0.1:7443\" ] }\n",
            "8:24: error: node.metrics.listen[0]: 127.0.0.1:7443: node.api listens there already. Take another "
            + "port."),
        new("export by gRPC to a URL with a path",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"https://collector.example:4317/otlp\", protocol: grpc }\n",
            "7:21: error: node.otlp.endpoint: https://collector.example:4317/otlp: has a path, and gRPC has paths of "
            + "its own. Remove the path, or write protocol: http/protobuf."),
        new("secret headers without encryption",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"http://collector.example:4318\", headersFile: /etc/token }\n",
            "7:67: error: node.otlp.headersFile: /etc/token: its headers would be sent unencrypted to another machine. "
            + "Write https:// in the endpoint, or remove the key."),
        new("authorities without encryption",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"http://[::1]:4318\", headersFile: /etc/token, caFile: /etc/ca.pem }\n",
            "7:75: error: node.otlp.caFile: /etc/ca.pem: without effect, because the endpoint begins with http://. "
            + "Write https:// there, or remove the key."),
        new("two profiles of one name",
            "name: routed\n",
            "name: fast\n    dsrType: l3\n    type: tcp-fast-path\n  - name: routed\n",
            "13:11: error: networkProfiles[1].name: fast: the network profile networkProfiles[0] has the "
            + "same name. Rename one of the two. See line 10."),
        new("two pools of one name",
            "pools:\n",
            "pools:\n  - name: web\n    servers: [{ name: a, address: 10.0.0.99 }]\n",
            "18:11: error: pools[1].name: web: the pool pools[0] has the same name. Rename one of the two. "
            + "See line 16."),
        new("two services of one name",
            "name: api",
            "name: www",
            "36:11: error: virtualServices[1].name: www: the virtual service virtualServices[0] has the "
            + "same name. Rename one of the two. See line 28."),
        new("two servers of one name",
            "name: web2",
            "name: web1",
            "25:15: error: pools[0].servers[1].name: web1: the server pools[0].servers[0] has the same "
            + "name. Rename one of the two. See line 21."),
        new("two servers of one address",
            "address: 10.0.0.12",
            "address: 10.0.0.11",
            "26:18: error: pools[0].servers[1].address: 10.0.0.11: the server pools[0].servers[0] of the "
            + "same pool has this address. Keep one of the two; weight gives it a larger share. See line 22."),
        new("two services of one VIP, protocol and port",
            " - name: api",
            " - { name: www2, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }\n  - name: api",
            "36:59: error: virtualServices[1].port: 80: service www already has 203.0.113.10 tcp "
            + "port 80. Give one of the two another VIP or port, or remove it. See line 28."),
        new("a pool that is not there",
            "pool: web\n    networkProfile: fast",
            "pool: wbe\n    networkProfile: fast",
            "32:11: error: virtualServices[0].pool: wbe: there is no pool of this name. Did you mean web?"),
        new("a pool that is nowhere near",
            "pool: web\n    networkProfile: fast",
            "pool: mail\n    networkProfile: fast",
            "32:11: error: virtualServices[0].pool: mail: there is no pool of this name. Add it to pools, or name an "
            + "existing one."),
        new("a profile that is not there",
            "networkProfile: routed",
            "networkProfile: route",
            "41:21: error: virtualServices[1].networkProfile: route: there is no network profile of this "
            + "name. Did you mean routed?",
            "13:11: warning: networkProfiles[1].name: routed: no virtual service uses this network profile. "
            + "Remove it, or name it in a service."),
        new("a TCP profile on a UDP service",
            "networkProfile: routed",
            "networkProfile: fast",
            "41:21: error: virtualServices[1].networkProfile: fast: the profile has the type tcp-fast-path, "
            + "but the service is udp. Use a profile of the type udp-fast-path, or one without a type.",
            "13:11: warning: networkProfiles[1].name: routed: no virtual service uses this network profile. "
            + "Remove it, or name it in a service."),
        new("a UDP profile on a TCP service",
            "type: tcp-fast-path",
            "type: udp-fast-path",
            "33:21: error: virtualServices[0].networkProfile: fast: the profile has the type udp-fast-path, "
            + "but the service is tcp. Use a profile of the type tcp-fast-path, or one without a type."),
        new("another port at the server",
            "weight: 5",
            "port: 8080",
            "23:15: error: pools[0].servers[0].port: 8080: service www uses this pool with port 80, and the "
            + "reply goes straight to the client, so nothing can translate ports. Remove the key and "
            + "let the server listen on port 80."),
        new("another port at the server of one service",
            "- name: web2",
            "- name: web2\n        port: 80",
            "26:15: error: pools[0].servers[1].port: 80: service api uses this pool with port 443, and the "
            + "reply goes straight to the client, so nothing can translate ports. Remove the key and "
            + "let the server listen on port 443."),
        new("a server with the address of a VIP",
            "address: 10.0.0.12",
            "address: 203.0.113.20",
            "26:18: error: pools[0].servers[1].address: 203.0.113.20: the VIP of service api, which is on "
            + "every real server, so it identifies none of them. Write the server's own address. See line "
            + "36.",
            "26:18: error: pools[0].servers[1].address: 203.0.113.20: not on a network that is directly "
            + "attached to the director (eth0: 10.0.0.0/24), but service www reaches this pool at layer 2. Use "
            + "a network profile with dsrType: l3, or a server on one of these networks."),
    ];
}
