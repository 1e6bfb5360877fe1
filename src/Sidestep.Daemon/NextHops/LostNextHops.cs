using Sidestep.Forwarding;
using Sidestep.Model;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>Retains next hops for a moment after their route, neighbour, interface or source address is lost.</summary>
/// <remarks>
/// A link that goes down and up takes its routes and IPv6 addresses with it, and they come back one by one: a network
/// manager adds them, neighbours answer, duplicate address detection takes a second. Without this, the flows of the
/// servers that are resolved last would move to those that are resolved first, and break. Not safe for threads.
/// </remarks>
/// <param name="time">The clock.</param>
internal sealed class LostNextHops(TimeProvider time)
{
    /// <summary>Longer than a link needs to negotiate, and about as long as health checks need to mark a server
    /// down.</summary>
    internal static readonly TimeSpan RetentionTime = TimeSpan.FromSeconds(5);

    private readonly Dictionary<VrfAddress, (NextHop NextHop, long LostAt)> _lost = [];

    /// <summary>A next hop has been retained long enough: <see cref="AddTo"/> leaves it out the next time.</summary>
    internal bool AnyIsOver => _lost.Values.Any(l => IsOver(l.LostAt));

    /// <summary>Adds what is retained. A server that is this machine has no next hop to retain.</summary>
    /// <param name="found">What the kernel's tables say now.</param>
    /// <param name="before">The next hops until now, with those that were retained.</param>
    internal NextHopTable AddTo(NextHopTable found, NextHopTable before)
    {
        Update(found, before);
        if (_lost.Count == 0)
            return found;
        var servers = found.Servers.ToDictionary();
        foreach (var (server, (lost, _)) in _lost)
        {
            if (servers.TryGetValue(server, out var now))
                servers[server] = now with
                {
                    Egress = now.Egress with
                    {
                        Address = now.Egress.Address ?? lost.Egress.Address,
                        Address6 = now.Egress.Address6 ?? lost.Egress.Address6,
                    },
                };
            // An interface that was deleted and created again may have another index and Ethernet address.
            else if (found.Interfaces.FirstOrDefault(i => i.Name == lost.Egress.Name) is { } egress)
                servers[server] = lost with { Egress = lost.Egress with { Index = egress.Index, Mac = egress.Mac } };
        }
        return found with
        {
            Servers = servers,
            Unresolved = found.Unresolved.Where(u => !servers.ContainsKey(u.Key)).ToDictionary(),
        };
    }

    private void Update(NextHopTable found, NextHopTable before)
    {
        foreach (var (server, nextHop) in before.Servers)
        {
            if (IsLost(server, nextHop, found))
                _lost.TryAdd(server, (nextHop, time.GetTimestamp()));
        }
        foreach (var (server, lost) in _lost.ToArray())
        {
            if (IsOver(lost.LostAt) || !IsLost(server, lost.NextHop, found))
                _lost.Remove(server);
        }
    }

    /// <summary>False as well: the server is not watched any more.</summary>
    private static bool IsLost(VrfAddress server, NextHop before, NextHopTable found) => !before.IsLocal
        && (found.Servers.TryGetValue(server, out var now)
            ? !now.IsLocal && now.Egress.Name == before.Egress.Name
                && (now.Egress.Address is null && before.Egress.Address is not null
                    || now.Egress.Address6 is null && before.Egress.Address6 is not null)
            : found.Unresolved.ContainsKey(server));

    private bool IsOver(long lostAt) => time.GetElapsedTime(lostAt) >= RetentionTime;
}
