using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Bounces;

/// <summary>One disturbance of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="What">Its description.</param>
/// <param name="Command">A line for a shell on the node.</param>
/// <param name="Parts">What the line removes; empty: a link goes down.</param>
internal sealed record Disturbance(string Node, string What, string Command, IReadOnlyList<HostPart> Parts)
{
    /// <summary>The link that goes down; null: none.</summary>
    public LinkEnd? Link { get; private init; }

    /// <summary>Traffic passes through no rule, route or neighbour of the director's probes. Where a part is missing
    /// that traffic needs, datagrams are lost until it is restored.</summary>
    public required bool IsOutage { get; init; }

    /// <summary>A link goes down; the run takes it up again.</summary>
    public static Disturbance OfLink(LinkEnd end) =>
        new(end.Node, $"link {end.Interface} down and up", $"ip link set {end.Interface} down", [])
        {
            Link = end,
            IsOutage = true,
        };

    /// <summary>Another program removes a part.</summary>
    /// <param name="node">The node.</param>
    /// <param name="removal">The removal.</param>
    /// <param name="isDirector">The node is the director.</param>
    public static Disturbance Of(string node, Removal removal, bool isDirector) =>
        new(node, $"removed: {removal.Part}", removal.Command, [removal.Part])
        {
            IsOutage = !isDirector || removal.Part.Kind == "link",
        };

    /// <summary>A network manager starts again. systemd-networkd then removes each rule, route and neighbour that its
    /// configuration lacks, and writes its settings (networkd.conf(5)); it needs a udev of its own and does not run in
    /// a network namespace alone, so the run removes them by netlink, all at once.</summary>
    /// <returns>Null: the node has nothing that it would remove.</returns>
    public static Disturbance? OfNetworkManager(string node, IReadOnlyList<Removal> removals, bool isDirector)
    {
        var affected = removals.Where(static r => r.Part.Kind is "rule4" or "rule6" or "route4" or "route6"
            or "neighbour" or "proxy" or "setting").ToArray();
        return affected.Length == 0 ? null
            : new(node, "restart of the network manager", string.Join(" && ", affected.Select(static r => r.Command)),
                [.. affected.Select(static r => r.Part)])
            {
                IsOutage = !isDirector,
            };
    }
}
