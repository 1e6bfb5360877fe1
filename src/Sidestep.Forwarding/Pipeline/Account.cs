using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Account: one counter per service, server, response and drop reason. A frame that is left to the
/// kernel is not counted, unless a director has chosen this machine as the server. A frame that is rejected with a
/// reply counts for the reply and for the drop reason.</summary>
internal static class Account
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Decided(Packet p, Decision decision, PipelineCounters counters)
    {
        if (decision == Decision.Forward)
            counters.CountForwarded(p.Service, p.Server, p.FrameLength);
        else
            NotForwarded(p, decision, counters);
    }

    /// <summary>True for a reply to a packet that no service or no server can have: its drop reason counts,
    /// too.</summary>
    internal static bool IsRejected(Packet p, Decision decision) =>
        decision is Decision.TcpReset or Decision.IcmpUnreachable && p.Reason != 0;

    private static void NotForwarded(Packet p, Decision decision, PipelineCounters counters)
    {
        switch (decision)
        {
            case Decision.Pass:
                break;
            case Decision.Drop:
                counters.Count(p.Reason, p.FrameLength);
                break;
            case Decision.DeliverLocally when p.Server != 0:
                counters.CountForwarded(p.Service, p.Server, p.FrameLength);
                break;
            default:
                counters.Count(decision, p.FrameLength);
                if (IsRejected(p, decision))
                    counters.Count(p.Reason, p.FrameLength);
                break;
        }
    }
}
