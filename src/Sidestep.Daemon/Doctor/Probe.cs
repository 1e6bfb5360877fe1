using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Doctor;

/// <summary>One probe: its destination, and its result.</summary>
internal sealed class Probe
{
    internal required NextHop NextHop { get; init; }

    /// <summary>The encapsulation; null: the probe goes directly to the server's own address.</summary>
    internal Encap? Encap { get; init; }

    /// <summary>The server's own address.</summary>
    internal required IPAddress Server { get; init; }

    /// <summary>The VIP, or the server's own address, with the port.</summary>
    internal required IPEndPoint To { get; init; }

    internal required TransportProtocol Protocol { get; init; }

    /// <summary>The result; null: there is no reply yet.</summary>
    internal ProbeEvidence? Evidence { get; set; }

    /// <summary>TTL or hop limit of the reply; null: there is none.</summary>
    internal int? Ttl { get; set; }

    /// <summary>The source; its port identifies the probe. Null: not sent.</summary>
    internal IPEndPoint? From { get; set; }

    /// <summary>Takes a reply as the result, if it is one. A reply from the expected source replaces one from another
    /// source; otherwise the first counts.</summary>
    /// <returns>True: the reply is a SYN-ACK, so that a server waits for the rest of the handshake.</returns>
    internal bool Handle(ReplyPacket reply)
    {
        if (!reply.To.Equals(From!.Address) || reply.Kind is ReplyKind.Echo or ReplyKind.TooBig
            || Evidence is { Reply: not ProbeReply.OtherSource })
            return false;
        var expected = Protocol == TransportProtocol.Udp ? ReplyKind.Datagram : ReplyKind.SynAck;
        var isOther = !reply.From.Equals(To.Address);
        Ttl = reply.Ttl;
        if (reply.Kind == ReplyKind.PortUnreachable)
            Evidence = new ProbeEvidence(ProbeReply.Refused, reply.From, Detail: "port unreachable");
        else if (reply.Kind == ReplyKind.Reset)
            Evidence = new ProbeEvidence(isOther ? ProbeReply.OtherSource : ProbeReply.Refused, reply.From,
                Detail: "reset");
        else if (reply.Kind == expected)
        {
            Evidence = new ProbeEvidence(isOther ? ProbeReply.OtherSource : ProbeReply.Answered, reply.From,
                reply.Number > 0 ? reply.Number : null, $"TTL {reply.Ttl}");
            return reply.Kind == ReplyKind.SynAck;
        }
        return false;
    }
}
