using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Packets;

namespace Sidestep.Cli;

/// <summary>Writes the tracked flows of a director. There may be a million, so each is written when it is
/// found.</summary>
public interface IFlowsReport
{
    /// <summary>Writes one tracked flow.</summary>
    void Add(TrackedFlow flow);

    /// <summary>Writes the counts, after the last flow.</summary>
    void Finish(string director, FlowSummary summary, FlowTableStatus tableStatus);
}

/// <summary>Names of IP protocols, as the output shows them.</summary>
public static class ProtocolName
{
    /// <summary><c>tcp</c>, <c>udp</c>, <c>icmp</c>, <c>icmpv6</c>, or the number.</summary>
    public static string Of(byte protocol) => ((IpProtocol)protocol).TryGetName(out var name) ? name
        : protocol.ToString(CultureInfo.InvariantCulture);
}
