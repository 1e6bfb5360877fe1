using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>group.conflictDetection</c> (address conflict detection, RFC 5227).</summary>
internal static class ConflictDetectionSchema
{
    public static readonly Key<bool> Defend = Key<bool>.WithDefault("defend", new BooleanKind(), true,
        "When another host answers for a VIP of this director, announce the VIP again.");

    public static readonly Key<bool> Drain = Key<bool>.WithDefault("drain", new BooleanKind(), false,
        "Drain a real server that answers for a VIP, until it stops answering.");

    public static readonly MappingKind Kind = new("the mapping conflictDetection",
        "What the director does when another host answers for one of its VIPs.", Defend, Drain);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(ConflictDetectionSettings settings) => MappingNode.Of(
        Defend.Write(settings.Defend), Drain.Write(settings.Drain));

    public static ConflictDetectionSettings Build(BoundMapping m) => new(m.Value(Defend), m.Value(Drain));
}
