using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The settings that all directors of a group share, so that any of them chooses the same server for a
/// flow.</summary>
public sealed record GroupSettings
{
    /// <summary>The flow table size of a configuration that sets none.</summary>
    public const int DefaultFlowTableSize = 262_144;

    /// <summary>The key of the flow hash. Flows break when they move between directors with different keys.</summary>
    public required HashKey HashKey { get; init; }

    /// <summary>Addresses of the directors of the group; each director ignores its own addresses. A packet that another
    /// director forwarded to this machine is delivered locally and never balanced again; a director that is also a real
    /// server needs this.</summary>
    public ImmutableArray<IPAddress> Peers { get; init; } = [];

    /// <summary>How many flows a director can track at once. The memory is allocated at the first start.</summary>
    public int FlowTableSize { get; init; } = DefaultFlowTableSize;

    /// <summary>What the sender of a packet to a VIP gets if no service of the VIP matches it.</summary>
    public RejectPolicy OnNoService { get; init; } = RejectPolicy.Reset;

    /// <summary>The reaction of a director when another host answers for one of its VIPs.</summary>
    public ConflictDetectionSettings ConflictDetection { get; init; } = new();
}
