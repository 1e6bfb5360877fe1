using Sidestep.Model;

namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>Description of the flow table.</summary>
/// <param name="Capacity">Number of flows that it is sized for (group.flowTableSize, rounded up).</param>
/// <param name="Servers">All servers that flows can belong to.</param>
/// <param name="Services">All services that flows can belong to.</param>
public sealed record FlowTableStatus(
    int Capacity, IReadOnlyList<ServerKey> Servers, IReadOnlyList<ServiceKey> Services);
