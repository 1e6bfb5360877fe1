using Sidestep.Api.Status;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Turns what both engines know into the records of the status.</summary>
public static class StatusRecords
{
    /// <summary>The record of an attached interface.</summary>
    public static InterfaceStatus Of(AttachedInterface attached)
    {
        ArgumentNullException.ThrowIfNull(attached);
        return new InterfaceStatus(attached.Name, attached.Driver switch
        {
            Driver.Native => InterfaceDriver.Native,
            Driver.Generic => InterfaceDriver.Generic,
            Driver.AfXdp => InterfaceDriver.AfXdp,
            Driver.AfPacket => InterfaceDriver.AfPacket,
            null => attached.IsDetached ? InterfaceDriver.Detached : InterfaceDriver.Gone,
            { } driver => throw new ArgumentException($"an interface cannot be attached by {driver}", nameof(attached)),
        }, attached.IsZeroCopy);
    }

    /// <summary>The records of counters by decision or drop reason, in their order.</summary>
    public static IReadOnlyDictionary<string, PacketCounter> Of<T>(IReadOnlyDictionary<T, Counter> counters)
        where T : struct, Enum =>
        counters.ToDictionary(static c => CounterName.Of(c.Key),
            static c => new PacketCounter(c.Value.Packets, c.Value.Bytes));

    /// <summary>The record of a service.</summary>
    /// <param name="key">Its tenant and name.</param>
    /// <param name="matches">The packets that it matches, see <see cref="MatchText"/>.</param>
    /// <param name="group">The group that it chooses servers from.</param>
    /// <param name="hasServers">False: no slot has a server.</param>
    /// <param name="forwarded">Frames forwarded to real servers.</param>
    public static ServiceStatus Service(ServiceKey key, IEnumerable<string> matches, GroupKey group, bool hasServers,
        Counter forwarded) =>
        new(key.ToString(), [.. matches], group.Pool.ToString(), group.Encap.ToString(), hasServers,
            forwarded.Packets, forwarded.Bytes);

    /// <summary>The record of a group, with its servers sorted by name.</summary>
    public static PoolStatus Pool(GroupKey group, IEnumerable<ServerStatus> servers) =>
        new(group.Pool.ToString(), group.Encap.ToString(),
            [.. servers.OrderBy(static s => s.Name, StringComparer.Ordinal)])
        {
            Service = group.Service?.ToString(),
        };
}
