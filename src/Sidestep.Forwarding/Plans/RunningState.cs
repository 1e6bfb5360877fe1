using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding.Plans;

/// <summary>State of a running director, as far as a plan needs it.</summary>
/// <param name="Groups">Servers and slots in force.</param>
/// <param name="Services">Services in force.</param>
/// <param name="Flows">Tracked flows by server.</param>
/// <param name="Unreachable">Addresses of servers that have no next hop.</param>
public sealed record RunningState(
    RunningGroups Groups, ImmutableArray<RunningService> Services, FlowCounts Flows,
    IReadOnlySet<VrfAddress> Unreachable);

/// <summary>A virtual service as the running director has it.</summary>
/// <param name="Key">Its tenant and name.</param>
/// <param name="Group">The group that it chooses servers from.</param>
/// <param name="Matches">All packets that reach it, in any order.</param>
public sealed record RunningService(ServiceKey Key, GroupKey Group, ImmutableArray<EffectivePorts> Matches);
