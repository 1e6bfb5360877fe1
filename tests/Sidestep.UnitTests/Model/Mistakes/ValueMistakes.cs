namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>Values that a key cannot have.</summary>
internal static class ValueMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a label with a space, one without a value, and a key that ends with a hyphen",
            "weight: 5",
            "labels: { team: the shop, tier: , x-: 1 }",
            "23:25: error: pools[0].servers[0].labels.team: the shop: not a possible label. Write at most 63 "
            + "characters of A-Z, a-z, 0-9, -, _ and . that begin and end with a letter or digit; \"\" is possible.",
            "23:41: error: pools[0].servers[0].labels.tier: there is no value. Write at most 63 characters of A-Z, "
            + "a-z, 0-9, -, _ and . that begin and end with a letter or digit; \"\" is possible.",
            "23:43: error: pools[0].servers[0].labels.x-: x-: not a possible key. Write a key such as team or "
            + "example.com/team: at most 63 characters of A-Z, a-z, 0-9, -, _ and . that begin and end with a letter "
            + "or digit, after a domain of at most 253 characters and a slash, if any."),
        new("labels as a list",
            "weight: 5",
            "labels: [shop]",
            "23:17: error: pools[0].servers[0].labels: this is a list. Write a mapping of labels: keys with a text "
            + "each."),
        new("an annotation that is too long",
            "weight: 5",
            $"annotations: {{ note: {new string('x', 1025)} }}",
            $"23:30: error: pools[0].servers[0].annotations.note: {new string('x', 80)}…: has 1025 characters; 1024 "
            + "are possible. Write at most 1024 characters without control characters; \"\" is possible."),
        new("a collector that is no URL",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"collector.example:4317\" }\n",
            "7:21: error: node.otlp.endpoint: collector.example:4317: does not begin with http:// or https://. Write a "
            + "URL such as https://collector.example:4318."),
        new("a collector without a host",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"https://:4318\" }\n",
            "7:21: error: node.otlp.endpoint: https://:4318: not a URL. Write a URL such as "
            + "https://collector.example:4318."),
        new("a collector with a query",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"https://collector.example/?a=b\" }\n",
            "7:21: error: node.otlp.endpoint: https://collector.example/?a=b: has a query or a fragment. Write a URL "
            + "such as https://collector.example:4318."),
        new("a collector whose URL is too long",
            "pinPath: /sys/fs/bpf/sidestep\n",
            $"otlp: {{ endpoint: \"https://collector.example/{new string('x', 255)}\" }}\n",
            $"7:21: error: node.otlp.endpoint: https://collector.example/{new string('x', 54)}…: has 281 characters; "
            + "255 are possible. Write a URL such as https://collector.example:4318."),
        new("a secret in the URL of a collector",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"https://user:secret@collector.example\" }\n",
            "7:21: error: node.otlp.endpoint: https://user:secret@collector.example: has a user, and every reader of "
            + "the configuration sees it. Remove it, and write a header Authorization into the file of the key "
            + "headersFile."),
        new("another transport of OTLP",
            "pinPath: /sys/fs/bpf/sidestep\n",
            "otlp: { endpoint: \"https://collector.example\", protocol: http/json, interval: 0.5 }\n",
            "7:60: error: node.otlp.protocol: http/json: not a possible value. Write http/protobuf or grpc.",
            "7:81: error: node.otlp.interval: 0.5: out of range. Write seconds from 1 to 3600, such as 2 or 0.5."),
        new("text for a number",
            "port: 80",
            "port: http",
            "31:11: error: virtualServices[0].port: http: not a whole number in decimal digits. Write a whole "
            + "number from 1 to 65535."),
        new("a fraction for a number",
            "weight: 5",
            "weight: 0.5",
            "23:17: error: pools[0].servers[0].weight: 0.5: not a whole number in decimal digits. Write a "
            + "whole number from 0 to 1000."),
        new("a quoted number",
            "port: 80",
            "port: \"80\"",
            "31:11: error: virtualServices[0].port: 80: text, because it is in quotes. Remove the quotes."),
        new("an octal number",
            "port: 80",
            "port: 080",
            "31:11: error: virtualServices[0].port: 080: begins with a zero, which some readers of YAML take "
            + "for octal. Remove the leading zero."),
        new("a hexadecimal number",
            "port: 80",
            "port: 0x50",
            "31:11: error: virtualServices[0].port: 0x50: not a whole number in decimal digits. Write a whole "
            + "number from 1 to 65535."),
        new("port 0",
            "port: 80",
            "port: 0",
            "31:11: error: virtualServices[0].port: 0: out of range. Write a whole number from 1 to 65535."),
        new("port 65536",
            "port: 80",
            "port: 65536",
            "31:11: error: virtualServices[0].port: 65536: out of range. Write a whole number from 1 to "
            + "65535."),
        new("a number beyond 64 bits",
            "port: 80",
            "port: 99999999999999999999",
            "31:11: error: virtualServices[0].port: 99999999999999999999: out of range. Write a whole number "
            + "from 1 to 65535."),
        new("a negative weight",
            "weight: 5",
            "weight: -1",
            "23:17: error: pools[0].servers[0].weight: -1: out of range. Write a whole number from 0 to 1000."),
        new("a weight of 1001",
            "weight: 5",
            "weight: 1001",
            "23:17: error: pools[0].servers[0].weight: 1001: out of range. Write a whole number from 0 to "
            + "1000."),
        new("a slot count that is no size",
            "slots: 1021",
            "slots: 1024",
            "19:12: error: pools[0].slots: 1024: not a possible size. Write one of 1021, 4093, 16381, 65521, "
            + "262139."),
        new("a slot count out of range",
            "slots: 1021",
            "slots: 1000000",
            "19:12: error: pools[0].slots: 1000000: out of range. Write one of 1021, 4093, 16381, 65521, "
            + "262139."),
        new("yes for true",
            "trafficEnabled: true",
            "trafficEnabled: yes",
            "35:21: error: virtualServices[0].trafficEnabled: yes: neither true nor false. Write true or "
            + "false."),
        new("a quoted flag",
            "trafficEnabled: true",
            "trafficEnabled: \"true\"",
            "35:21: error: virtualServices[0].trafficEnabled: true: text, because it is in quotes. Remove the "
            + "quotes."),
        new("an unknown driver",
            "driver: native",
            "driver: fast",
            "5:15: error: node.interfaces[0].driver: fast: not a possible value. Write auto, native, "
            + "generic, af-xdp or af-packet."),
        new("a driver in capitals",
            "driver: native",
            "driver: Native",
            "5:15: error: node.interfaces[0].driver: Native: not a possible value. Did you mean native?"),
        new("an unknown exit action",
            "onExit: keep",
            "onExit: kep",
            "6:11: error: node.onExit: kep: not a possible value. Did you mean keep?"),
        new("an unknown profile type",
            "type: tcp-fast-path",
            "type: sctp-fast-path",
            "11:11: error: networkProfiles[0].type: sctp-fast-path: not a possible value. Did you mean "
            + "tcp-fast-path?"),
        new("an unknown DSR type",
            "dsrType: l2",
            "dsrType: nat",
            "12:14: error: networkProfiles[0].dsrType: nat: address translation needs the reverse translation of the "
            + "reply, and with direct server return no reply passes the director. Write l3 or l2."),
        new("an unknown protocol",
            "protocol: tcp",
            "protocol: icmp",
            "30:15: error: virtualServices[0].protocol: icmp: not a possible value. Write tcp, udp, sctp or any."),
        new("a layer-7 protocol",
            "protocol: tcp",
            "protocol: http",
            "30:15: error: virtualServices[0].protocol: http: HTTP needs a proxy: replies go straight from "
            + "the server to the client, so the director forwards at layer 4 without reading HTTP. Write tcp, "
            + "udp, sctp or any."),
        new("an unknown policy for packets without a service",
            "group: { hashKey:",
            "group: { onNoService: refuse, hashKey:",
            "8:23: error: group.onNoService: refuse: not a possible value. Write drop, reset or unreachable."),
        new("an unknown policy for packets without a server",
            "protocol: tcp\n",
            "protocol: tcp\n    onNoServer: icmp\n",
            "31:17: error: virtualServices[0].onNoServer: icmp: not a possible value. Write drop, reset or "
            + "unreachable."),
        new("an abbreviated algorithm",
            "algorithm: consistent-hash",
            "algorithm: rr",
            "17:16: error: pools[0].algorithm: rr: not a possible value. Write consistent-hash, round-robin, "
            + "weighted-round-robin, least-connections or weighted-least-connections."),
        new("an unknown algorithm",
            "algorithm: consistent-hash",
            "algorithm: best",
            "17:16: error: pools[0].algorithm: best: not a possible value. Write consistent-hash, "
            + "round-robin, weighted-round-robin, least-connections or weighted-least-connections."),
        new("a cookie as hash field",
            "hashFields: source-address",
            "hashFields: cookie",
            "18:17: error: pools[0].hashFields: cookie: stickiness by cookie or session needs the reply: "
            + "replies go straight from the server to the client, so the director cannot set a cookie. Write "
            + "source-address, source-address-and-port, five-tuple or destination-port."),
        new("an encapsulation that is none",
            "encapsulation: ipip",
            "encapsulation: vxlan",
            "14:20: error: networkProfiles[1].encapsulation: vxlan: not a possible value. Write ipip, gue or "
            + "gre."),
        new("a name with capitals",
            "name: www",
            "name: WWW",
            "28:11: error: virtualServices[0].name: WWW: not a possible name. Write a name of 1 to 63 "
            + "characters of a-z, 0-9, - and _ that begins with a letter or digit."),
        new("a name that begins with a dash",
            "name: www",
            "name: -www",
            "28:11: error: virtualServices[0].name: -www: not a possible name. Write a name of 1 to 63 "
            + "characters of a-z, 0-9, - and _ that begins with a letter or digit."),
        new("a name with 64 characters",
            "name: www",
            "name: a234567890123456789012345678901234567890123456789012345678901234",
            "28:11: error: virtualServices[0].name: "
            + "a234567890123456789012345678901234567890123456789012345678901234: has 64 characters; 63 are "
            + "possible. Write a name of 1 to 63 characters of a-z, 0-9, - and _ that begins with a letter or "
            + "digit."),
        new("an interface name of 16 characters",
            "name: eth0",
            "name: abcdefghijklmnop",
            "4:13: error: node.interfaces[0].name: abcdefghijklmnop: has 16 characters; 15 are possible. "
            + "Write the name of a network interface, 1 to 15 characters as in `ip link`."),
        new("an interface name with a slash",
            "name: eth0",
            "name: eth/0",
            "4:13: error: node.interfaces[0].name: eth/0: not a possible interface name. Write the name "
            + "of a network interface, 1 to 15 characters as in `ip link`."),
        new("a hash key that is too short",
            "8f1c2a63b0d94e57a1c3f5e7092b4d6f",
            "8f1c2a63",
            "8:19: error: group.hashKey: 8f1c2a63: has 8 characters instead of 32. Write 32 hexadecimal "
            + "digits in quotes; `openssl rand -hex 16` makes a key."),
        new("a hash key that is not hexadecimal",
            "8f1c2a63b0d94e57a1c3f5e7092b4d6f",
            "8f1c2a63b0d94e57a1c3f5e7092b4d6g",
            "8:19: error: group.hashKey: 8f1c2a63b0d94e57a1c3f5e7092b4d6g: has characters other than 0-9 "
            + "and a-f. Write 32 hexadecimal digits in quotes; `openssl rand -hex 16` makes a key."),
        new("a relative pin path",
            "pinPath: /sys/fs/bpf/sidestep",
            "pinPath: sidestep",
            "7:12: error: node.pinPath: sidestep: not a possible absolute path. Write an absolute path of "
            + "at most 255 characters, without . and .. as parts."),
        new("a pin path with dots",
            "pinPath: /sys/fs/bpf/sidestep",
            "pinPath: /sys/fs/bpf/../sidestep",
            "7:12: error: node.pinPath: /sys/fs/bpf/../sidestep: not a possible absolute path. Write an "
            + "absolute path of at most 255 characters, without . and .. as parts."),
        new("no value",
            "port: 80",
            "port:",
            "31:10: error: virtualServices[0].port: there is no value. Write a whole number from 1 to 65535."),
        new("null as value",
            "pool: web\n    networkProfile: fast",
            "pool: ~\n    networkProfile: fast",
            "32:11: error: virtualServices[0].pool: there is no value. Write a name of 1 to 63 characters of "
            + "a-z, 0-9, - and _ that begins with a letter or digit."),
        new("a list for a value",
            "port: 80",
            "port: [80, 443]",
            "31:11: error: virtualServices[0].port: this is a list. Write a whole number from 1 to 65535."),
        new("a mapping for a value",
            "port: 80",
            "port: { from: 80 }",
            "31:11: error: virtualServices[0].port: this is a mapping. Write a whole number from 1 to 65535."),
        new("a value for a list",
            "interfaces:\n    - name: eth0\n      driver: native",
            "interfaces: eth0",
            "3:15: error: node.interfaces: eth0: this is a single value. Write a list of interfaces, each after a "
            + "dash."),
        new("a value for a mapping",
            "    - name: eth0\n      driver: native",
            "    - eth0",
            "4:7: error: node.interfaces[0]: eth0: this is a single value. Write an interface as a "
            + "mapping with the keys name, driver."),
        new("an empty list of interfaces",
            "interfaces:\n    - name: eth0\n      driver: native",
            "interfaces: []",
            "3:15: error: node.interfaces: there are 0 interfaces; at least 1 must be there. Add one."),
        new("an empty text for a name",
            "name: www",
            "name: \"\"",
            "28:11: error: virtualServices[0].name: \"\": not a possible name. Write a name of 1 to 63 "
            + "characters of a-z, 0-9, - and _ that begins with a letter or digit."),
        new("an integer for a mapping",
            "node:\n  name: edge1\n  interfaces:\n    - name: eth0\n      driver: native\n  onExit: keep\n  pinPath: "
            + "/sys/fs/bpf/sidestep\n",
            "node: 5\n",
            "1:7: error: node: 5: this is a single value. Write the section node as a mapping with the keys name, "
            + "engine, interfaces, onExit, pinPath, api, metrics, otlp, management."),
    ];
}
