using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Counts remembered flows by server.</summary>
public sealed class FlowSummary
{
    private readonly Dictionary<ServerKey, ServerFlows> _servers = [];

    /// <summary>All flows that were counted.</summary>
    public long Total { get; private set; }

    /// <summary>Servers in the order of pool and name, those without flows too once they were named.</summary>
    public IEnumerable<KeyValuePair<ServerKey, ServerFlows>> Servers => _servers
        .OrderBy(static s => s.Key.Group.ToString(), StringComparer.Ordinal).ThenBy(static s => s.Key.Name, StringComparer.Ordinal);

    /// <summary>Names a server that may have none.</summary>
    public void AddServer(ServerKey server) => _servers.TryAdd(server, default);

    /// <summary>Counts one.</summary>
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

/// <summary>The remembered flows of one server.</summary>
/// <param name="Count">How many.</param>
/// <param name="Oldest">Since the oldest was remembered.</param>
/// <param name="LongestIdle">Since the last packet of the one that was idle for longest.</param>
public readonly record struct ServerFlows(long Count, TimeSpan Oldest, TimeSpan LongestIdle);
