using Sidestep.Model;

namespace Sidestep.Forwarding.Lowering;

/// <summary>What the services of a group mean for its slots and servers.</summary>
/// <param name="TracksFlows">The slot alone decides about no packet of the group: flows are tracked, or datagrams are
/// distributed one by one.</param>
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
                use.TracksFlows || service.TracksFlows || service.OncePerDatagram,
                use.IgnoresWeights || service.Algorithm == Algorithm.LeastConnections);
        }
        return uses;
    }
}
