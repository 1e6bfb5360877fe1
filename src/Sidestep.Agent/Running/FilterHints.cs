using System.Collections.Immutable;

namespace Sidestep.Agent.Running;

/// <summary>Finds packet filters that may drop traffic of a VIP: one line for each, for an operator to read.</summary>
internal static class FilterHints
{
    public const int Max = 32;

    public static ImmutableArray<string> Find(IReportSource source)
    {
        const string folder = "/proc/sys/net/netfilter/nf_conntrack_";
        var hints = new List<string>();
        if (source.ReadNumber(folder + "count") is { } entries && source.ReadNumber(folder + "max") is { } max
            && max > 0 && entries * 10 > max * 9)
        {
            hints.Add($"conntrack is nearly full: {entries} of {max}");
        }
        if (source.ReadNumber(folder + "tcp_loose") == 0)
            hints.Add("conntrack accepts no TCP connection that it has not seen open (nf_conntrack_tcp_loose 0)");
        hints.AddRange(source.Ruleset().Select(static l => l.Trim()).Where(Drops).Select(static l => "nftables: " + l));
        return [.. hints.Take(Max)];
    }

    private static bool Drops(string rule) => rule.Contains(" drop", StringComparison.Ordinal)
        || rule.StartsWith("drop", StringComparison.Ordinal) || rule.Contains("reject", StringComparison.Ordinal);
}
