using System.Net;
using Sidestep.Api;

namespace Sidestep.Control.Agents;

/// <summary>What agents' counters say of clients' handshakes that get nowhere: the director itself sees no answer of a server.</summary>
/// <remarks>Not safe for threads. An agent counts SYNs that came in, and SYN-ACKs and resets that went out, per VIP and outside every
/// filter of the host.</remarks>
internal sealed class HandshakeSigns
{
    /// <summary>SYNs without a single SYN-ACK that are a sign: fewer may be on their way.</summary>
    internal const int Fewest = 3;

    private readonly Dictionary<(string Server, IPAddress Vip), (long Syns, long Resets)> _open = [];

    /// <summary>What a report adds to the one before it.</summary>
    /// <param name="server">Whose.</param>
    /// <param name="former">The one before.</param>
    /// <param name="now">The new one.</param>
    /// <returns>Signs, in words; few different ones.</returns>
    internal IReadOnlyList<string> Take(string server, AgentReport former, AgentReport now)
    {
        var signs = new List<string>();
        foreach (var traffic in now.Traffic)
        {
            var key = (server, traffic.Vip);
            var then = former.Traffic.FirstOrDefault(t => t.Vip.Equals(traffic.Vip));
            // A new start of the agent, or of its program, counts from the beginning.
            if (former.Instance != now.Instance || then is null || traffic.SynReceived < then.SynReceived || traffic.SynAckSent > then.SynAckSent)
            {
                _open.Remove(key);
                continue;
            }
            var (syns, resets) = _open.GetValueOrDefault(key);
            (syns, resets) = (syns + traffic.SynReceived - then.SynReceived, resets + Math.Max(0, traffic.ResetsSent - then.ResetsSent));
            if (syns < Fewest)
            {
                if (syns + resets > 0)
                    _open[key] = (syns, resets);
                continue;
            }
            _open.Remove(key);
            signs.Add(resets > 0 ? $"resets connections to {traffic.Vip}, and accepts none" : $"gets connection requests to {traffic.Vip}, and answers none");
        }
        return signs;
    }

    /// <summary>Forgets a server.</summary>
    internal void Forget(string server)
    {
        foreach (var key in _open.Keys.Where(k => k.Server == server).ToArray())
            _open.Remove(key);
    }
}
