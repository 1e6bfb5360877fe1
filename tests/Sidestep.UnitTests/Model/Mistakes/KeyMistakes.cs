namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>Keys that are missing, misspelled or misplaced.</summary>
internal static class KeyMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a missing node",
            "node:\n  name: edge1\n  interfaces:\n    - name: eth0\n      driver: native\n  onExit: keep\n  pinPath: "
            + "/sys/fs/bpf/sidestep\n",
            "",
            "1:1: error: node: the configuration must have the key node. Add it to this mapping."),
        new("a missing group",
            "group: { hashKey: \"8f1c2a63b0d94e57a1c3f5e7092b4d6f\" }\n",
            "",
            "1:1: error: group: the configuration must have the key group. Add it to this mapping."),
        new("node and group in one section, as in earlier versions",
            "node:\n  name: edge1\n  interfaces:\n    - name: eth0\n      driver: native\n  onExit: keep\n  pinPath: "
            + "/sys/fs/bpf/sidestep\ngroup: { hashKey: \"8f1c2a63b0d94e57a1c3f5e7092b4d6f\" }\n",
            "director: { hashKey: \"8f1c2a63b0d94e57a1c3f5e7092b4d6f\" }\n",
            "1:1: error: director: the section director was divided into node and group. Write name, engine, "
            + "interfaces, onExit, pinPath, api, metrics, otlp and management in the section node, and hashKey, peers, "
            + "flowTableSize and conflictDetection in the section group.",
            "1:1: error: node: the configuration must have the key node. Add it to this mapping.",
            "1:1: error: group: the configuration must have the key group. Add it to this mapping."),
        new("a missing hash key",
            "hashKey: \"8f1c2a63b0d94e57a1c3f5e7092b4d6f\"",
            "",
            "8:8: error: group.hashKey: the section group must have the key hashKey. Add it to this mapping."),
        new("a key of the other section",
            "pinPath: /sys/fs/bpf/sidestep",
            "flowTableSize: 2048",
            "7:3: error: node.flowTableSize: 2048: the section node has no such key. Its keys are name, engine, "
            + "interfaces, onExit, pinPath, api, metrics, otlp, management."),
        new("a missing port",
            "    port: 80\n",
            "",
            "28:5: error: virtualServices[0].port: a virtual service must have the key port or ports. Add one "
            + "of them to this mapping."),
        new("a missing address",
            "        address: 10.0.0.12\n",
            "",
            "25:9: error: pools[0].servers[1].address: a real server must have the key address. Add it to "
            + "this mapping."),
        new("a misspelled key is not also missing",
            "address: 10.0.0.12",
            "adress: 10.0.0.12",
            "26:9: error: pools[0].servers[1].adress: 10.0.0.12: a real server has no such key. Did you mean "
            + "address?"),
        new("a key in another spelling",
            "hashFields: source-address",
            "hash_fields: source-address",
            "18:5: error: pools[0].hash_fields: source-address: a pool has no such key. Did you mean "
            + "hashFields?"),
        new("a key with swapped letters",
            "weight: 5",
            "wieght: 5",
            "23:9: error: pools[0].servers[0].wieght: 5: a real server has no such key. Did you mean weight?"),
        new("a key of another mapping",
            "driver: native",
            "weight: 5",
            "5:7: error: node.interfaces[0].weight: 5: an interface has no such key. Its keys are name, "
            + "driver."),
        new("a key at the top",
            "pools:",
            "pool: []\npools:",
            "15:1: error: pool: the configuration has no such key. Its keys are node, group, "
            + "networkProfiles, healthMonitors, pools, accessLists, vips, virtualServices."),
    ];
}
