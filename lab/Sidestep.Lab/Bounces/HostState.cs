using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Bounces;

/// <summary>What the kernel holds for a node, as <c>ip</c>, <c>tc</c> and <c>/proc</c> print it: rules, routes,
/// permanent neighbours, addresses, links, multicast addresses, filters and settings.</summary>
/// <param name="Parts">All of it, without ids and counters, which differ after every restoration.</param>
internal sealed partial record HostState(ImmutableHashSet<HostPart> Parts)
{
    /// <summary>Each line begins with the kind of the part and a tab.</summary>
    private const string Script = """
        tagged() { sed "s/^/$1\t/"; }
        for family in 4 6; do
          ip -o -$family rule show | tagged rule$family
          ip -o -$family route show table all | tagged route$family
        done
        ip neighbour show nud permanent | tagged neighbour
        ip neighbour show proxy | tagged proxy
        ip -o address show | tagged address
        ip -o link show | tagged link
        tagged multicast </proc/thread-self/net/dev_mcast
        tc qdisc show | tagged qdisc
        for device in $(tc qdisc show | sed -n 's/^qdisc clsact .* dev \([^ ]*\) .*/\1/p'); do
          for side in ingress egress; do
            tc filter show dev "$device" $side | tagged filter | sed "s/\t/\t$device $side /"
          done
        done
        grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null | tagged setting
        true
        """;

    /// <summary>Reads a node's state.</summary>
    public static async Task<HostState> ReadAsync(NetworkNamespace node, CancellationToken cancel) =>
        Parse(await SystemCommand.RunAsync(node.Enter("sh", "-c", Script), cancel));

    /// <param name="text">What the script printed.</param>
    internal static HostState Parse(string text) => new([.. text.Split('\n')
        .Select(static l => l.Split('\t', 2)).Where(static l => l.Length == 2)
        .Select(static l => Normalize(l[0], l[1])).OfType<HostPart>()]);

    /// <summary>Null: the line says nothing that must be restored.</summary>
    private static HostPart? Normalize(string kind, string line)
    {
        // `-o` prints a backslash for an end of line.
        var text = Spaces().Replace(line.Replace('\\', ' '), " ").Trim();
        return kind switch
        {
            "address" => new HostPart(kind, Lifetimes().Replace(Index().Replace(text, ""), "")),
            "link" => new HostPart(kind, Ids().Replace(Index().Replace(text, ""), "")),
            "filter" => text.Contains(" handle ", StringComparison.Ordinal)
                ? new HostPart(kind, Ids().Replace(text, "")) : null,
            // The kernel drops and adds clones of IPv6 routes as it needs them.
            "route4" or "route6" => text.Contains(" cache", StringComparison.Ordinal) ? null
                : new HostPart(kind, RouteFlags().Replace(text, "")),
            // index, name, users, static users, address
            "multicast" => text.Split(' ') is [_, var name, _, not "0", var address]
                ? new HostPart(kind, $"{name} {address}") : null,
            _ => new HostPart(kind, text),
        };
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^\d+: ")]
    private static partial Regex Index();

    [GeneratedRegex(@" (tentative|dadfailed|valid_lft \S+|preferred_lft \S+)\b")]
    private static partial Regex Lifetimes();

    /// <summary>What a program gets anew when it is loaded or attached again.</summary>
    [GeneratedRegex(@"( id \d+|/id:\d+|:\[\d+\]| tag [0-9a-f]+| jited)(?=\s|$)")]
    private static partial Regex Ids();

    [GeneratedRegex(@" (dead|linkdown|error -?\d+|expires \d+sec|users \d+|age \d+sec|offload|rt_\w+)\b")]
    private static partial Regex RouteFlags();
}

/// <summary>One part of a node's state.</summary>
/// <param name="Kind">The kind, as in <see cref="HostState"/>.</param>
/// <param name="Text">One line of the kernel's tools.</param>
internal readonly record struct HostPart(string Kind, string Text)
{
    public override string ToString() => $"{Kind} {Text}";
}
