using System.Net;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>Detects handshakes of clients that servers do not complete, from agents' counters. With DSR the director
/// itself sees no reply of a server.</summary>
/// <remarks>Not safe for threads. Per VIP, an agent counts SYNs before, and SYN-ACKs and resets after, every filter of
/// its host.</remarks>
internal sealed class HandshakeSignals
{
    /// <summary>So many SYNs without a single SYN-ACK make a signal. Fewer may still be in transit.</summary>
    internal const int MinSyns = 3;

    private readonly Dictionary<(RealServerKey Server, IPAddress Vip), (long Syns, long Resets)> _unanswered = [];

    /// <summary>Adds what a report counted since the previous one.</summary>
    /// <param name="server">The server of both reports.</param>
    /// <param name="previous">The previous report.</param>
    /// <param name="now">The new report.</param>
    /// <returns>Descriptions of signals, of few different texts; empty: none.</returns>
    internal IReadOnlyList<string> Update(RealServerKey server, AgentReport previous, AgentReport now)
    {
        var signals = new List<string>();
        foreach (var traffic in now.Traffic)
        {
            var key = (server, traffic.Vip);
            var earlier = previous.Traffic.FirstOrDefault(t => t.Vip.Equals(traffic.Vip));
            // After a restart of the agent or of its BPF program, counters start at 0. A SYN-ACK shows that the server
            // answers.
            if (previous.Instance != now.Instance || earlier is null || traffic.SynReceived < earlier.SynReceived
                || traffic.SynAckSent > earlier.SynAckSent)
            {
                _unanswered.Remove(key);
                continue;
            }
            var (syns, resets) = _unanswered.GetValueOrDefault(key);
            syns += traffic.SynReceived - earlier.SynReceived;
            resets += Math.Max(0, traffic.ResetsSent - earlier.ResetsSent);
            if (syns < MinSyns)
            {
                if (syns + resets > 0)
                    _unanswered[key] = (syns, resets);
                continue;
            }
            _unanswered.Remove(key);
            signals.Add(resets > 0 ? $"resets connections to {traffic.Vip}, accepts none"
                : $"receives connection requests to {traffic.Vip}, answers none");
        }
        return signals;
    }

    /// <summary>Removes the counts of a server.</summary>
    internal void Remove(RealServerKey server)
    {
        foreach (var key in _unanswered.Keys.Where(k => k.Server == server).ToArray())
            _unanswered.Remove(key);
    }
}
