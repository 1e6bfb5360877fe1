using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Forwarding.Plans;

/// <summary>What runs, as far as a plan has to know it.</summary>
/// <param name="Groups">Servers and slots in force.</param>
/// <param name="Services">Services in force.</param>
/// <param name="Flows">Remembered flows.</param>
/// <param name="Unreachable">Addresses of servers that have no next hop.</param>
public sealed record RunningState(
    RunningGroups Groups, ImmutableArray<RunningService> Services, FlowCounts Flows, IReadOnlySet<IPAddress> Unreachable);

/// <summary>A service in force.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">The servers that it chooses from.</param>
/// <param name="Matches">All that packets find it by, in any order.</param>
public sealed record RunningService(string Name, GroupKey Group, ImmutableArray<EffectivePorts> Matches);
