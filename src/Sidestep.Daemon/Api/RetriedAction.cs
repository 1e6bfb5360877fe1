using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidestep.Api;

namespace Sidestep.Daemon.Api;

/// <summary>Attempts that are repeated after a pause, which doubles from a second to a minute. Not safe for
/// threads.</summary>
/// <param name="time">The clock.</param>
internal sealed class RetriedAction(TimeProvider time)
{
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    private TimeSpan _pause;
    private long? _failed;

    /// <summary>Why the last attempt failed, and the consequence; null: it succeeded, or there was none.</summary>
    internal string? Problem { get; private set; }

    /// <summary>True if the next attempt may be made.</summary>
    internal bool IsDue => _failed is not { } at || time.GetElapsedTime(at) >= _pause;

    /// <summary>Forgets earlier failures.</summary>
    internal void Reset()
    {
        _backoff.Reset();
        (_failed, Problem) = (null, null);
    }

    /// <summary>Makes an attempt. Failures that an operator or time can remedy become <see cref="Problem"/>; others are
    /// thrown.</summary>
    /// <param name="consequence">What does not work if the attempt fails.</param>
    /// <param name="attempt">The attempt.</param>
    internal async Task TryAsync(string consequence, Func<Task> attempt)
    {
        try
        {
            await attempt().ConfigureAwait(false);
            Reset();
        }
        catch (Exception e) when (e is ApiException or IOException or SocketException or UnauthorizedAccessException
            or AddressInUseException or InvalidOperationException)
        {
            _pause = _backoff.Next();
            _failed = time.GetTimestamp();
            Problem = $"{consequence}: {e.Message}";
        }
    }
}
