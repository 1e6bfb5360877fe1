namespace Sidestep.Packets;

/// <summary>The control bits of a TCP segment (RFC 9293 section 3.1; ECE and CWR: RFC 3168 section 6.1).</summary>
[Flags]
public enum TcpControlBits : byte
{
    /// <summary>None of the eight control bits is set.</summary>
    None = 0,

    /// <summary>The sender has no more data.</summary>
    Fin = 1,

    /// <summary>Synchronizes sequence numbers: opens a connection.</summary>
    Syn = 2,

    /// <summary>Reset: the connection is aborted at once.</summary>
    Rst = 4,

    /// <summary>Push: the receiver should deliver the data at once.</summary>
    Psh = 8,

    /// <summary>The acknowledgement number is valid.</summary>
    Ack = 16,

    /// <summary>The urgent pointer is valid.</summary>
    Urg = 32,

    /// <summary>ECN echo: the receiver has seen a congestion mark.</summary>
    Ece = 64,

    /// <summary>The sender has reduced its congestion window.</summary>
    Cwr = 128,
}
