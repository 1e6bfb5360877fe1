using Sidestep.Api.Status;

namespace Sidestep.Daemon.Api.Streams;

/// <summary>Shares one reading of the status between all streams of a second. Safe for threads.</summary>
/// <param name="read">Reads the status, which takes long with many servers.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentStatus(Func<DirectorStatus> read, TimeProvider time)
{
    /// <summary>Less than the interval of a stream, so that no stream gets the same status twice.</summary>
    private static readonly TimeSpan LongestAge = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private DirectorStatus? _status;
    private long _readAt;

    /// <summary>A status that is at most half a second old.</summary>
    internal DirectorStatus Read()
    {
        lock (_gate)
        {
            if (_status is null || time.GetElapsedTime(_readAt) > LongestAge)
                (_status, _readAt) = (read(), time.GetTimestamp());
            return _status;
        }
    }
}
