using System.Text.Json;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Cli;

/// <summary>Writes tracked flows as one JSON object, with each flow on a line.</summary>
/// <param name="output">Where to write.</param>
/// <param name="list">True if the caller will add flows.</param>
public sealed class FlowsJson(TextWriter output, bool list) : IFlowsReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private bool _hasFlow;

    /// <inheritdoc/>
    public void Add(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        output.Write(_hasFlow ? ",\n" : "{\"list\":[\n");
        _hasFlow = true;
        output.Write(JsonSerializer.Serialize(
            new
            {
                service = flow.Service.ToString(),
                protocol = ProtocolName.Of(flow.Flow.Protocol),
                client = flow.Flow.Source.ToString(),
                clientPort = flow.Flow.SourcePort,
                vip = flow.Flow.Destination.ToString(),
                vipPort = flow.Flow.DestinationPort,
                server = flow.Server.Name,
                address = flow.Server.Address.ToString(),
                pool = flow.Server.Group.Pool.ToString(),
                encap = flow.Server.Group.Encap.ToString(),
                idleSeconds = Seconds(flow.Idle),
                ageSeconds = Seconds(flow.Age),
            },
            Json));
    }

    /// <inheritdoc/>
    public void Finish(string director, FlowSummary summary, FlowTableStatus tableStatus)
    {
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(tableStatus);
        output.Write(_hasFlow ? "\n],\n" : list ? "{\"list\":[],\n" : "{");
        output.WriteLine(JsonSerializer.Serialize(
            new
            {
                director,
                flows = summary.Total,
                capacity = tableStatus.Capacity,
                servers = summary.Servers.Select(static s => new
                {
                    name = s.Key.Name,
                    pool = s.Key.Group.Pool.ToString(),
                    encap = s.Key.Group.Encap.ToString(),
                    address = s.Key.Address.ToString(),
                    flows = s.Value.Count,
                    oldestSeconds = Seconds(s.Value.Oldest),
                    longestIdleSeconds = Seconds(s.Value.LongestIdle),
                }),
            },
            Json)[1..]);
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);
}
