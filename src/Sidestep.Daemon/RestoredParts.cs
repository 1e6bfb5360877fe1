using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Api.Status;

namespace Sidestep.Daemon;

/// <summary>Counts the parts of the daemon's state in the kernel that were gone and that it restored. Safe for
/// threads.</summary>
/// <param name="time">The clock of the report.</param>
internal sealed class RestoredParts(TimeProvider time)
{
    /// <summary>From this number of times on, something removes a part on purpose.</summary>
    internal const int AlarmAfter = 3;

    /// <summary>An alarm ends when a part was not gone for this long.</summary>
    internal static readonly TimeSpan AlarmDuration = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Times, DateTimeOffset At, long Timestamp)> _parts = [];

    /// <summary>Counts a part.</summary>
    internal void Add(string part)
    {
        lock (_gate)
            _parts[part] = (_parts.GetValueOrDefault(part).Times + 1, time.GetUtcNow(), time.GetTimestamp());
    }

    /// <summary>All parts that were ever restored, by name.</summary>
    internal ImmutableArray<RestoredPart> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _parts.OrderBy(static p => p.Key, StringComparer.Ordinal)
                    .Select(static p => new RestoredPart(p.Key, p.Value.Times, p.Value.At))];
            }
        }
    }

    /// <summary>The parts that are gone again and again, as sentences.</summary>
    /// <param name="hint">Says who may remove them, as the end of a sentence.</param>
    internal ImmutableArray<string> Alarms(Func<string> hint)
    {
        lock (_gate)
        {
            return [.. _parts
                .Where(p => p.Value.Times >= AlarmAfter && time.GetElapsedTime(p.Value.Timestamp) < AlarmDuration)
                .OrderBy(static p => p.Key, StringComparer.Ordinal)
                .Select(p => string.Create(CultureInfo.InvariantCulture,
                    $"{p.Key} was gone {p.Value.Times} times and was restored each time{hint()}"))];
        }
    }
}
