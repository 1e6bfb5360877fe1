using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Identifies a server across changes: another name or address is another server.</summary>
/// <param name="Group">Its group: pool, encapsulation and service.</param>
/// <param name="Name">Its name in the pool.</param>
/// <param name="Address">Its own address.</param>
public readonly record struct ServerKey(GroupKey Group, string Name, VrfAddress Address)
{
    /// <summary>Hash of the parts that nearly always differ: a director has up to 100,000 of these keys, and hashing a
    /// whole group is slow.</summary>
    public override int GetHashCode() => HashCode.Combine(Group, Address);
}

/// <summary>Live entries of the flow table, counted at one moment.</summary>
/// <param name="ByServer">Number of flows by server; servers without flows may be missing.</param>
public sealed record FlowCounts(IReadOnlyDictionary<ServerKey, long> ByServer)
{
    /// <summary>Number of flows of a server; 0 when it has none.</summary>
    public long Of(GroupKey group, ServerEntry server) =>
        ByServer.GetValueOrDefault(new ServerKey(group, server.Name, server.VrfAddress));
}
