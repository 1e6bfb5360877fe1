namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>What is not YAML, or YAML that a configuration does without.</summary>
internal static class MalformedYamlMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a quote that is not closed",
            "group: { hashKey: \"8f1c2a63b0d94e57a1c3f5e7092b4d6f\" }",
            "group:\n  hashKey: \"8f1c",
            "9:12: error: not YAML: while scanning a multi-line double-quoted scalar, found wrong "
            + "indentation. Look at this line and the one above: indent with spaces, put a colon and a space "
            + "after a key, close quotes and brackets."),
        new("a bracket that is not closed",
            "- name: eth0\n      driver: native",
            "- { name: eth0",
            "4:5: error: not YAML: a bracket that opens here or a little later is not closed. Close the "
            + "bracket."),
        new("a list whose bracket is not closed",
            "    - name: eth0\n      driver: native",
            "[ eth0, eth1",
            "4:1: error: not YAML: while parsing a block mapping, did not find expected key. Look at this "
            + "line and the one above: indent with spaces, put a colon and a space after a key, close quotes "
            + "and brackets."),
        new("a tab as indentation",
            "  onExit",
            "\tonExit",
            "6:1: error: not YAML: a tab in the indentation. Indent with spaces."),
        new("a key without a colon",
            "    port: 80",
            "    port 80",
            "31:5: error: not YAML: while parsing a block mapping, did not find expected key. Look at this "
            + "line and the one above: indent with spaces, put a colon and a space after a key, close quotes "
            + "and brackets."),
        new("a colon too many",
            "port: 80",
            "port: 80: 90",
            "31:13: error: not YAML: while scanning a plain scalar value, found invalid mapping. Look at this "
            + "line and the one above: indent with spaces, put a colon and a space after a key, close quotes "
            + "and brackets."),
        new("an indentation that fits nothing",
            "  onExit: keep",
            "   onExit: keep",
            "6:4: error: not YAML: while parsing a block mapping, did not find expected key. Look at this "
            + "line and the one above: indent with spaces, put a colon and a space after a key, close quotes "
            + "and brackets."),
        new("a character that YAML reserves",
            "pool: web\n    networkProfile: fast",
            "pool: @web\n    networkProfile: fast",
            "32:11: error: not YAML: while scanning for the next token, found character that cannot start any "
            + "token. Look at this line and the one above: indent with spaces, put a colon and a space after a "
            + "key, close quotes and brackets."),
        new("a second document",
            "virtualServices:",
            "---\nvirtualServices:",
            "27:1: error: a second YAML document begins here. Keep one document per file: remove the line --- "
            + "or ... before it."),
        new("an alias",
            "weight: 5",
            "weight: *five",
            "23:17: error: pools[0].servers[0].weight: *five: YAML aliases are not supported. Write the value "
            + "out at this place."),
        new("an anchor",
            "weight: 5",
            "weight: &five 5",
            "23:17: error: pools[0].servers[0].weight: &five: YAML anchors are not supported. Remove the "
            + "anchor and write the value out where it is needed."),
        new("a tag",
            "weight: 5",
            "weight: !!str 5",
            "23:17: error: pools[0].servers[0].weight: tag:yaml.org,2002:str: YAML tags are not supported. "
            + "Remove the tag: the form of a value follows from its key."),
        new("a list as key",
            "weight: 5",
            "? [weight]\n        : 5",
            "24:11: error: pools[0].servers[0]: the key of this value is a list, a mapping or an alias. Write "
            + "a plain word and a colon as the key."),
        new("a duplicate key",
            "port: 80",
            "port: 80\n    port: 81",
            "32:5: error: virtualServices[0].port: 81: this mapping has the key already. Keep one of the two. "
            + "See line 31."),
        new("nesting without end",
            "weight: 5",
            "weight: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
            "23:44: error: "
            + "pools[0].servers[0].weight[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]["
            + "0][0][0][0]: nested deeper than 32 levels. A configuration needs six: look for stray brackets."),
    ];
}
