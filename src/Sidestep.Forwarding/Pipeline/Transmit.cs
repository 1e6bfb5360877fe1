namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Transmit: selects the egress interface, which may be the ingress interface.</summary>
internal static class Transmit
{
    internal static Decision To(Packet p, ServerRecord server)
    {
        p.Egress = server.Egress;
        return Decision.Forward;
    }
}
