using Sidestep.Api.Flows;
using Sidestep.Api.Status;

namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Answers requests for tracked flows from a flow table. There may be millions: each is passed on when it is
/// found.</summary>
public static class FlowsReader
{
    /// <summary>Checks the names in a request, before the first flow is passed on.</summary>
    /// <exception cref="UnknownNameException">The director has no service or server of that name.</exception>
    public static void Check(FlowsRequest request, IFlowTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        new FlowFilter(request).Check(table.Status);
    }

    /// <summary>Reads the selected flows.</summary>
    /// <param name="request">Which flows.</param>
    /// <param name="director">Name of the director.</param>
    /// <param name="source">Who answers.</param>
    /// <param name="table">The flow table.</param>
    /// <param name="visit">Receives each flow, if the request lists them.</param>
    /// <returns>The counts.</returns>
    public static FlowsReport Read(FlowsRequest request, string director, StatusSource source, IFlowTable table,
        Action<FlowRecord> visit)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(visit);
        var filter = new FlowFilter(request);
        var summary = new FlowSummary();
        table.Visit(flow =>
        {
            if (!filter.Matches(flow))
                return;
            var counted = summary.Add(flow);
            if (request.List)
                visit(FlowRecords.Of(flow, counted.Encap));
        });
        foreach (var server in table.Status.Servers.Where(filter.Matches))
            summary.AddServer(server);
        return new FlowsReport
        {
            Director = director,
            Source = source,
            Flows = summary.Total,
            Capacity = table.Status.Capacity,
            Servers = [.. summary.Servers],
        };
    }
}
