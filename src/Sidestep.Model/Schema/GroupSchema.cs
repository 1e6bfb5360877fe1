using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The section <c>group</c>.</summary>
internal static class GroupSchema
{
    public static readonly Key<HashKey> HashKey = Key<HashKey>.Mandatory("hashKey", new HashKeyKind(),
        "The secret key of the flow hash: 32 hexadecimal digits, the same on all directors of a group. Make one with: "
        + "openssl rand -hex 16");

    public static readonly Key<IReadOnlyList<Located<IPAddress>>> Peers =
        Key<IReadOnlyList<Located<IPAddress>>>.WithDefault("peers",
            new ValueListKind<IPAddress>("peers", 0, Limits.Peers, new AddressKind("the address of a director")),
            [],
            "Addresses of the directors of the group; each director ignores its own. A packet that another director "
            + "forwarded to this machine is delivered locally and never balanced again. Needed where a director is "
            + "also a real server.");

    public static readonly Key<int> FlowTableSize = Key<int>.WithDefault("flowTableSize",
        new IntegerKind(1024, Limits.FlowTableSize), GroupSettings.DefaultFlowTableSize,
        "How many flows a director can track at once: flows of slots in transition, and all flows of algorithms that "
        + "need state. 128 bytes each, allocated at the first start.");

    public static readonly Key<RejectPolicy> OnNoService = Key<RejectPolicy>.WithDefault("onNoService",
        RejectSchema.Kind, RejectPolicy.Reset,
        "What the sender of a packet to a VIP gets if no service of the VIP has the protocol and port.");

    public static readonly Key<BoundMapping> ConflictDetection = Key<BoundMapping>.Optional("conflictDetection",
        ConflictDetectionSchema.Kind, "What a director does when another host answers for one of its VIPs.");

    public static readonly MappingKind Kind = new("the section group",
        "What all directors of the group share, so that any of them chooses the same server.",
        HashKey, Peers, FlowTableSize, OnNoService, ConflictDetection);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(GroupSettings group) => MappingNode.Of(
        HashKey.Write(group.HashKey),
        Peers.WriteValues(group.Peers),
        FlowTableSize.Write(group.FlowTableSize),
        OnNoService.Write(group.OnNoService),
        ConflictDetection.WriteUnlessEmpty(ConflictDetectionSchema.Write(group.ConflictDetection)));

    public static GroupSettings Build(BoundMapping m) => new()
    {
        HashKey = m.Value(HashKey),
        Peers = [.. m.Value(Peers).Select(p => p.Value)],
        FlowTableSize = m.Value(FlowTableSize),
        OnNoService = m.Value(OnNoService),
        ConflictDetection = m.Find(ConflictDetection) is { } conflictDetection
            ? ConflictDetectionSchema.Build(conflictDetection.Value) : new ConflictDetectionSettings(),
    };
}
