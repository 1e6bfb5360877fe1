using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Counts tracked flows by server.</summary>
public sealed class FlowSummary
{
    private readonly Dictionary<ServerKey, ServerFlows> _servers = [];

    /// <summary>The number of all counted flows.</summary>
    public long Total { get; private set; }

    /// <summary>The servers, by pool and name, including those without flows that were added.</summary>
    public IEnumerable<KeyValuePair<ServerKey, ServerFlows>> Servers => _servers
        .OrderBy(static s => s.Key.Group.ToString(), StringComparer.Ordinal)
        .ThenBy(static s => s.Key.Name, StringComparer.Ordinal);

    /// <summary>Adds a server that may have no flows.</summary>
    public void AddServer(ServerKey server) => _servers.TryAdd(server, default);

    /// <summary>Counts a flow for its server, which need not have been added.</summary>
    public void Add(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var previous = _servers.GetValueOrDefault(flow.Server);
        _servers[flow.Server] = new ServerFlows(
            previous.Count + 1, Longer(previous.Oldest, flow.Age), Longer(previous.LongestIdle, flow.Idle));
        Total++;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>The tracked flows of one server.</summary>
/// <param name="Count">How many.</param>
/// <param name="Oldest">Age of the oldest flow.</param>
/// <param name="LongestIdle">Time since the last packet of the flow that has been idle longest.</param>
public readonly record struct ServerFlows(long Count, TimeSpan Oldest, TimeSpan LongestIdle);
