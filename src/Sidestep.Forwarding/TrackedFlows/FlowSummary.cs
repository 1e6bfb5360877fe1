using Sidestep.Api.Flows;

namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Counts tracked flows by server.</summary>
internal sealed class FlowSummary
{
    private readonly Dictionary<ServerKey, Counted> _servers = [];

    /// <summary>The number of all counted flows.</summary>
    internal long Total { get; private set; }

    /// <summary>The servers, by pool and name, including those without flows that were added.</summary>
    internal IEnumerable<ServerFlows> Servers => _servers
        .OrderBy(static s => s.Key.Group.ToString(), StringComparer.Ordinal)
        .ThenBy(static s => s.Key.Name, StringComparer.Ordinal)
        .Select(static s => new ServerFlows(s.Key.Name, s.Key.Group.Pool.ToString(), s.Value.Encap,
            s.Key.Address.Address, s.Value.Flows, FlowRecords.Seconds(s.Value.Oldest),
            FlowRecords.Seconds(s.Value.LongestIdle)));

    /// <summary>Adds a server that may have no flows. Its flows of all services count together.</summary>
    internal Counted AddServer(ServerKey server)
    {
        server = server with { Group = server.Group.Shared };
        if (!_servers.TryGetValue(server, out var counted))
            _servers.Add(server, counted = new Counted(server.Group.Encap.ToString()));
        return counted;
    }

    /// <summary>Counts a flow for its server, which need not have been added.</summary>
    /// <returns>The counts of the server.</returns>
    internal Counted Add(TrackedFlow flow)
    {
        var counted = AddServer(flow.Server);
        counted.Flows++;
        counted.Oldest = Longer(counted.Oldest, flow.Age);
        counted.LongestIdle = Longer(counted.LongestIdle, flow.Idle);
        Total++;
        return counted;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>The flows of one server.</summary>
    /// <param name="encap">The text of its encapsulation, made once for all its flows.</param>
    internal sealed class Counted(string encap)
    {
        internal string Encap { get; } = encap;

        internal long Flows { get; set; }

        internal TimeSpan Oldest { get; set; }

        internal TimeSpan LongestIdle { get; set; }
    }
}
