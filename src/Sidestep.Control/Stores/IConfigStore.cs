namespace Sidestep.Control.Stores;

/// <summary>Where the configuration of a director comes from. Safe for threads.</summary>
/// <remarks>A store contains what an operator configured. Drains and other operational state have a store of their own
/// (<see cref="OperationalStateStore"/>).</remarks>
public interface IConfigStore
{
    /// <summary>Name of the source in messages: the absolute path of a file, for example.</summary>
    string Origin { get; }

    /// <summary>The newest revision.</summary>
    ConfigRevision Current { get; }

    /// <summary>Waits for a revision with a greater number than <paramref name="after"/>. Revisions that were replaced
    /// meanwhile are skipped.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    Task<ConfigRevision> WaitForChangeAsync(long after, CancellationToken cancellation);
}
