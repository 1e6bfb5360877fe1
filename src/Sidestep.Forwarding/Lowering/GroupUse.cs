using Sidestep.Model;

namespace Sidestep.Forwarding.Lowering;

/// <summary>What the services of a group mean for its slots and servers.</summary>
/// <param name="TracksFlows">Every flow of the group is tracked.</param>
/// <param name="IgnoresWeights">All its servers have the same weight for the algorithm.</param>
public readonly record struct GroupUse(bool TracksFlows, bool IgnoresWeights)
{
    /// <summary>The use of every group that a service chooses servers from.</summary>
    public static IReadOnlyDictionary<GroupKey, GroupUse> Of(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        var uses = new Dictionary<GroupKey, GroupUse>();
        foreach (var service in tables.Services)
        {
            var use = uses.GetValueOrDefault(service.Group);
            uses[service.Group] = new GroupUse(
                use.TracksFlows || service.TracksFlows,
                use.IgnoresWeights || service.Algorithm == Algorithm.LeastConnections);
        }
        return uses;
    }
}
