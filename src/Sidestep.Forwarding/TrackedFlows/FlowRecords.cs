using System.Globalization;
using Sidestep.Api.Flows;
using Sidestep.Packets;

namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Turns tracked flows into records.</summary>
internal static class FlowRecords
{
    /// <summary>The record of a flow.</summary>
    /// <param name="tracked">The flow.</param>
    /// <param name="encap">The text of its server's encapsulation.</param>
    internal static FlowRecord Of(TrackedFlow tracked, string encap)
    {
        var (flow, server) = (tracked.Flow, tracked.Server);
        return new FlowRecord(tracked.Service.ToString(), ProtocolOf(flow.Protocol), flow.Source, flow.SourcePort,
            flow.Destination, flow.DestinationPort, server.Name, server.Address.Address,
            server.Group.Pool.ToString(), encap, Seconds(tracked.Idle),
            Seconds(tracked.Age));
    }

    /// <summary>Seconds with one decimal place.</summary>
    internal static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);

    private static string ProtocolOf(byte protocol) => ((IpProtocol)protocol).TryGetName(out var name) ? name
        : protocol.ToString(CultureInfo.InvariantCulture);
}
