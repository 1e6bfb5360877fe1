using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Cli;

/// <summary>Writes what a director remembers. There may be a million flows, so each is written as it is found.</summary>
public interface IFlowsReport
{
    /// <summary>One flow.</summary>
    void Add(TrackedFlow flow);

    /// <summary>The counts, once there are no more flows.</summary>
    void Finish(string director, FlowSummary summary, FlowTableStatus tableStatus);
}

/// <summary>Names of IP protocols.</summary>
public static class ProtocolName
{
    /// <summary>tcp, udp, icmp, icmpv6 or the number.</summary>
    public static string Of(byte protocol) => protocol switch
    {
        6 => "tcp",
        17 => "udp",
        1 => "icmp",
        58 => "icmpv6",
        _ => protocol.ToString(CultureInfo.InvariantCulture),
    };
}
