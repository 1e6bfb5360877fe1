using System.Net;
using Sidestep.Api;

namespace Sidestep.Control.Agents;

/// <summary>What agents' counters say of clients' handshakes that get nowhere: the director itself sees no answer of a server.</summary>
/// <remarks>Not safe for threads. An agent counts SYNs that came in, and SYN-ACKs and resets that went out, per VIP and outside every
/// filter of the host.</remarks>
internal sealed class HandshakeSignals
{
    /// <summary>SYNs without a single SYN-ACK that are a sign: fewer may be on their way.</summary>
    internal const int MinSyns = 3;

    private readonly Dictionary<(string Server, IPAddress Vip), (long Syns, long Resets)> _unanswered = [];

    /// <summary>What a report adds to the one before it.</summary>
    /// <param name="server">Whose.</param>
    /// <param name="previous">The one before.</param>
    /// <param name="now">The new one.</param>
    /// <returns>Signs, in words; few different ones.</returns>
    internal IReadOnlyList<string> Update(string server, AgentReport previous, AgentReport now)
    {
        var signals = new List<string>();
        foreach (var traffic in now.Traffic)
        {
            var key = (server, traffic.Vip);
            var earlier = previous.Traffic.FirstOrDefault(t => t.Vip.Equals(traffic.Vip));
            // A new start of the agent, or of its program, counts from the beginning.
            if (previous.Instance != now.Instance || earlier is null || traffic.SynReceived < earlier.SynReceived || traffic.SynAckSent > earlier.SynAckSent)
            {
                _unanswered.Remove(key);
                continue;
            }
            var (syns, resets) = _unanswered.GetValueOrDefault(key);
            (syns, resets) = (syns + traffic.SynReceived - earlier.SynReceived, resets + Math.Max(0, traffic.ResetsSent - earlier.ResetsSent));
            if (syns < MinSyns)
            {
                if (syns + resets > 0)
                    _unanswered[key] = (syns, resets);
                continue;
            }
            _unanswered.Remove(key);
            signals.Add(resets > 0 ? $"resets connections to {traffic.Vip}, accepts none" : $"receives connection requests to {traffic.Vip}, answers none");
        }
        return signals;
    }

    /// <summary>Forgets a server.</summary>
    internal void Remove(string server)
    {
        foreach (var key in _unanswered.Keys.Where(k => k.Server == server).ToArray())
            _unanswered.Remove(key);
    }
}
