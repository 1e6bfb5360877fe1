namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Description of the flow table.</summary>
/// <param name="Capacity">Number of flows that it is sized for (director.flowTableSize, rounded up).</param>
/// <param name="Servers">All servers that flows can belong to.</param>
/// <param name="Services">Names of all services that flows can belong to.</param>
public sealed record FlowTableStatus(int Capacity, IReadOnlyList<ServerKey> Servers, IReadOnlyList<string> Services);
