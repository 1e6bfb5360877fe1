namespace Sidestep.Forwarding.LocalApi;

/// <summary>What the table of remembered flows is for.</summary>
/// <param name="Capacity">How many flows it has room for (director.flowTableSize, rounded up).</param>
/// <param name="Servers">All that packets can go to.</param>
/// <param name="Services">Names of all services.</param>
public sealed record FlowTableStatus(int Capacity, IReadOnlyList<ServerKey> Servers, IReadOnlyList<string> Services);
