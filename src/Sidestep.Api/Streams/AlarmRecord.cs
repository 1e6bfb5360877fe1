using System.Collections.Immutable;
using Sidestep.Api.Status;

namespace Sidestep.Api.Streams;

/// <summary>Something that is wrong, when it begins or ends.</summary>
/// <param name="Text">What is wrong: a sentence of <c>daemon.errors</c>, <c>daemon.degraded</c>,
/// <c>daemon.alarms</c> or <c>daemon.unresolved</c> of the status.</param>
/// <param name="IsActive">True: it is so now. False: it is no longer so.</param>
/// <param name="Time">When the director noticed it, in UTC.</param>
public sealed record AlarmRecord(string Text, bool IsActive, DateTimeOffset Time);

/// <summary>Counters of a director at one moment.</summary>
/// <param name="Time">When they were read, in UTC.</param>
/// <param name="Services">The services with their counters.</param>
/// <param name="Drops">Dropped frames by reason; every reason is present.</param>
public sealed record CountersRecord(DateTimeOffset Time, ImmutableArray<ServiceStatus> Services,
    IReadOnlyDictionary<string, PacketCounter> Drops);
