using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>A simple model of the data plane's rules of just-enough tracking, for one pool.</summary>
internal sealed class ModelDataPlane(TimeSpan idle)
{
    private readonly Dictionary<IPAddress, (ServerKey Server, DateTimeOffset Seen)> _entries = [];

    public required ForwardingTables Tables { get; set; }

    private ServerGroup Group => Tables.Groups[0];

    /// <summary>The server of a packet; null: dropped. In this model, the client identifies the flow.</summary>
    public ServerKey? Packet(IPAddress client, bool isSyn, DateTimeOffset now)
    {
        var slots = Group.Slots.Slots;
        if (slots.IsEmpty)
            return null;
        var slot = FlowHash.Slot(
            FlowHash.Of(Tables.HashKey, Sidestep.Model.HashFields.SourceAddress, new Flow(client, client, 6)),
            slots.Length);
        ServerKey? current = slots[slot] == SlotTable.NoMember ? null
            : KeyOf(Group.Servers.Single(s => s.Address.Equals(Group.Slots.Members[slots[slot]].Address)));
        var state = Group.Transition?.PreviousServers[slot] ?? Transition.Stable;
        if (state == Transition.Stable)
            return current;
        var hasEntry = _entries.TryGetValue(client, out var entry);
        var isKnown = hasEntry && now - entry.Seen <= idle && Keeps(entry.Server);
        ServerKey? chosen = isSyn ? current
            : isKnown ? entry.Server
            : state >= 0 ? KeyOf(Group.Servers[state]) : current;
        if (chosen is { } server && (hasEntry || state >= 0))
            _entries[client] = (server, now);
        return chosen;
    }

    /// <summary>Whether flows of a server stay with it.</summary>
    public bool Keeps(ServerKey server) =>
        Group.Servers.Any(s => KeyOf(s) == server && s.NextHop is not null && s.Flows == FlowState.Keep);

    public FlowCounts Count(DateTimeOffset now) => new(_entries.Values.Where(e => now - e.Seen <= idle)
        .CountBy(static e => e.Server).ToDictionary(static c => c.Key, static c => (long)c.Value));

    public ServerKey KeyOf(ServerEntry server) => new(Group.Key, server.Name, server.VrfAddress);
}
