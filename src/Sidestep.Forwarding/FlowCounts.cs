using System.Net;

namespace Sidestep.Forwarding;

/// <summary>What identifies a server across changes: another name or address is another server.</summary>
/// <param name="Group">Its pool, and how it is reached.</param>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its own address.</param>
public readonly record struct ServerKey(GroupKey Group, string Name, IPAddress Address)
{
    /// <summary>By what nearly always differs: there are 100,000 of these, and a group has a dozen parts.</summary>
    public override int GetHashCode() => HashCode.Combine(Group, Address);
}

/// <summary>Remembered flows that are not idle, at one moment.</summary>
/// <param name="ByServer">Servers without any may be missing.</param>
public sealed record FlowCounts(IReadOnlyDictionary<ServerKey, long> ByServer)
{
    /// <summary>How many a server has.</summary>
    public long Of(GroupKey group, ServerEntry server) => ByServer.GetValueOrDefault(new ServerKey(group, server.Name, server.Address));
}
