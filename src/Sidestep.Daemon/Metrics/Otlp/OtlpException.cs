namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>An export failed. The message is one sentence, and names what failed.</summary>
internal sealed class OtlpException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>True if the same export may succeed soon.</summary>
    internal bool IsTransient { get; init; }

    /// <summary>How long the collector asks to wait; null: it does not.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}
