using System.Text.RegularExpressions;

namespace Sidestep.Lab.Bounces;

/// <summary>How another program would remove a part of a node's state.</summary>
/// <param name="Part">The part.</param>
/// <param name="Command">A line for a shell on the node.</param>
internal sealed partial record Removal(HostPart Part, string Command)
{
    /// <summary>What Sidestep has made: the difference of a node's state before its start and after it.</summary>
    /// <returns>A removal of each part, in the order of their kinds.</returns>
    public static IReadOnlyList<Removal> AllOf(HostState before, HostState after) =>
    [
        .. after.Parts.Except(before.Parts).Select(p => Of(p, before)).OfType<Removal>()
            .OrderBy(static r => r.Part.Kind, StringComparer.Ordinal)
            .ThenBy(static r => r.Part.Text, StringComparer.Ordinal),
    ];

    /// <returns>Null: the kernel itself made the part, and removes it with another one.</returns>
    private static Removal? Of(HostPart part, HostState before)
    {
        var words = part.Text.Split(' ');
        return part.Kind switch
        {
            "rule4" or "rule6" => new(part, $"ip -{part.Kind[^1]} rule del pref {words[0].TrimEnd(':')} "
                + string.Join(' ', words[1..])),
            "route4" or "route6" => part.Text.Contains("proto kernel", StringComparison.Ordinal) ? null
                : new(part, $"ip -{part.Kind[^1]} route del {Preference().Replace(part.Text, "")}"),
            "neighbour" => new(part, $"ip neighbour del {words[0]} dev {words[2]}"),
            "proxy" => new(part, $"ip neighbour del proxy {words[0]} dev {words[2]}"),
            "address" => new(part, $"ip address del {words[2]} dev {words[0]}"),
            "multicast" => new(part, $"ip maddress del {Mac(words[1])} dev {words[0]}"),
            "qdisc" when words[1] == "clsact" => new(part, $"tc qdisc del dev {words[4]} clsact"),
            "filter" => new(part, $"tc filter del dev {words[0]} {words[1]} protocol {After(words, "protocol")} "
                + $"pref {After(words, "pref")} handle {After(words, "handle")} bpf"),
            "setting" => OfSetting(part, before),
            "link" when part.Text.Contains("prog/xdp", StringComparison.Ordinal) =>
                new(part, DetachProgram(words[0].Split('@', ':')[0])),
            _ => null,
        };
    }

    /// <summary>A setting gets the value that it had before Sidestep.</summary>
    private static Removal? OfSetting(HostPart part, HostState before)
    {
        var path = part.Text[..part.Text.IndexOf(':', StringComparison.Ordinal)];
        var earlier = before.Parts.FirstOrDefault(p => p.Kind == part.Kind
            && p.Text.StartsWith($"{path}:", StringComparison.Ordinal));
        return earlier == default ? null : new(part, $"echo {earlier.Text[(path.Length + 1)..]} >{path}");
    }

    /// <summary>The daemon's links are pinned, and <c>ip link</c> cannot detach them.</summary>
    private static string DetachProgram(string name) =>
        $"p=$(ip -o link show dev {name} | sed -n 's/.*prog.xdp[^ ]* id \\([0-9]*\\).*/\\1/p') && "
            + "l=$(bpftool link show | sed -n \"s/^\\([0-9]*\\): xdp  *prog $p .*/\\1/p\") "
            + "&& bpftool link detach id $l";

    private static string After(string[] words, string word) => words[Array.IndexOf(words, word) + 1];

    private static string Mac(string hexadecimal) =>
        string.Join(':', hexadecimal.Chunk(2).Select(static c => new string(c)));

    [GeneratedRegex(" pref (low|medium|high)")]
    private static partial Regex Preference();
}
