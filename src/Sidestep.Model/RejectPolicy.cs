namespace Sidestep.Model;

/// <summary>What the sender of a packet gets that no service or no server can have.</summary>
public enum RejectPolicy
{
    /// <summary>Nothing: the packet is dropped.</summary>
    Drop,

    /// <summary>A reset of its TCP connection (RFC 9293 section 3.10.7.1); for other protocols an ICMP error.</summary>
    Reset,

    /// <summary>An ICMP error: destination unreachable (RFC 792, RFC 4443 section 3.1).</summary>
    Unreachable,
}
