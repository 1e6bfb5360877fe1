namespace Sidestep.Forwarding.Pipeline;

/// <summary>Transmit: out by the interface that the frame came in by, or by another one of the director's.</summary>
internal static class Transmit
{
    internal static Decision To(Packet p, ServerRecord server)
    {
        p.Egress = server.Egress;
        return Decision.Forward;
    }
}
