using Sidestep.Model;

namespace Sidestep.Forwarding.Lowering;

/// <summary>Properties of a service as bits: the constants SERVICE_* of src/bpf/tables.h. Both engines take them from
/// here.</summary>
[Flags]
public enum ServiceProperties : ushort
{
    /// <summary>No property, and no service.</summary>
    None = 0,

    /// <summary>The entry holds a service.</summary>
    Used = 1 << 0,

    /// <summary>The flow hash covers source address and source port.</summary>
    HashPort = 1 << 1,

    /// <summary>The flow hash covers addresses, protocol and ports.</summary>
    HashFive = 2 << 1,

    /// <summary>The flow hash covers the destination port.</summary>
    HashDest = 3 << 1,

    /// <summary>Every flow is tracked, not only those of slots in transition.</summary>
    TracksFlows = 1 << 3,

    /// <summary>New flows go to the servers by turns.</summary>
    RoundRobin = 1 << 4,

    /// <summary>New flows go to the server with the fewest flows.</summary>
    LeastConn = 1 << 5,

    /// <summary>Clients are tracked instead of flows.</summary>
    Persistence = 1 << 6,

    /// <summary>Packets need the access list, or the check whether a peer sent them.</summary>
    NeedsChecks = 1 << 7,

    /// <summary>The sender of a new flow without a server gets a reset, or an ICMP error: <see cref="RejectPolicy"/> in
    /// two bits.</summary>
    RejectReset = 1 << 8,

    /// <summary>The sender of a new flow without a server gets an ICMP error.</summary>
    RejectUnreachable = 2 << 8,

    /// <summary>Each UDP datagram goes to a random slot, and no flow is tracked.</summary>
    PerDatagram = 1 << 10,
}

/// <summary>The flags of services.</summary>
public static class ServiceLowering
{
    /// <summary>The flags of a service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="hasPeers">True: there are other directors.</param>
    public static ServiceProperties FlagsOf(ServiceEntry service, bool hasPeers)
    {
        ArgumentNullException.ThrowIfNull(service);
        return ServiceProperties.Used
            | (service.AccessList is not null || hasPeers ? ServiceProperties.NeedsChecks : 0)
            | service.HashFields switch
            {
                HashFields.SourceAddressAndPort => ServiceProperties.HashPort,
                HashFields.FiveTuple => ServiceProperties.HashFive,
                HashFields.DestinationPort => ServiceProperties.HashDest,
                _ => 0,
            }
            | service.Algorithm switch
            {
                Algorithm.RoundRobin or Algorithm.WeightedRoundRobin => ServiceProperties.RoundRobin,
                Algorithm.LeastConnections or Algorithm.WeightedLeastConnections => ServiceProperties.LeastConn,
                _ => 0,
            }
            | (service.TracksFlows ? ServiceProperties.TracksFlows : 0)
            | (service.Persistence is not null ? ServiceProperties.Persistence : 0)
            | (service.OncePerDatagram ? ServiceProperties.PerDatagram : 0)
            | service.OnNoServer switch
            {
                RejectPolicy.Reset => ServiceProperties.RejectReset,
                RejectPolicy.Unreachable => ServiceProperties.RejectUnreachable,
                _ => 0,
            };
    }
}
