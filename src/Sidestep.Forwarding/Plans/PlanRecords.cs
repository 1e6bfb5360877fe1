using Sidestep.Api.Plans;
using Sidestep.Api.Status;

namespace Sidestep.Forwarding.Plans;

/// <summary>Turns plans into records.</summary>
public static class PlanRecords
{
    /// <summary>The record of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="director">Name of the director.</param>
    /// <param name="source">Who answers.</param>
    public static PlanReport Of(Plan plan, string director, StatusSource source)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new PlanReport
        {
            Director = director,
            Source = source,
            Changes = !plan.IsEmpty,
            Slots = plan.Slots,
            MovedSlots = plan.MovedSlots,
            MovedShare = Share(plan.MovedSlots, plan.Slots),
            Flows = Of(plan.Flows),
            Warnings = plan.Warnings,
            Services =
                [.. plan.Services.Select(static s => new ServiceChange(s.Name, s.Change, s.Before, s.After))],
            Pools = [.. plan.Groups.Select(Of)],
        };
    }

    private static PoolChange Of(GroupPlan group) => new(group.Key.Pool.ToString(),
        group.Key.Encap.ToString(), group.Change, group.Slots, group.MovedSlots,
        Share(group.MovedSlots, group.Slots), [.. group.Servers.Select(Of)])
    {
        Service = group.Key.Service?.ToString(),
    };

    private static ServerChange Of(ServerPlan server) => new(server.Name, server.Address, server.Change, server.Before,
        server.After, server.SlotsBefore, server.SlotsAfter, Of(server.Flows));

    private static FlowsForecast Of(FlowForecast flows) => new(flows.Stay, flows.Move, flows.Break);

    private static double Share(long part, long whole) => whole == 0 ? 0 : Math.Round(part / (double)whole, 4);
}
