using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>Numbers the revisions of a store, and wakes those that wait for the next one. Safe for threads.</summary>
internal sealed class RevisionPublisher
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();
    private ConfigRevision? _current;

    /// <summary>The newest revision; there is one from the first publication on.</summary>
    public ConfigRevision Current => Volatile.Read(ref _current)
        ?? throw new InvalidOperationException("The store has no revision yet.");

    /// <summary>True from the first publication on.</summary>
    public bool HasAny => Volatile.Read(ref _current) is not null;

    /// <summary>Publishes a configuration or its errors.</summary>
    public void Publish(ConfigurationResult result) => Publish(result, null);

    /// <summary>Publishes why the source cannot be read.</summary>
    public void PublishProblem(string problem) => Publish(null, problem);

    /// <inheritdoc cref="IConfigStore.WaitForChangeAsync"/>
    public async Task<ConfigRevision> WaitForChangeAsync(long after, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (Current.Number > after)
                    return Current;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void Publish(ConfigurationResult? result, string? problem)
    {
        lock (_gate)
        {
            Volatile.Write(ref _current, new ConfigRevision((_current?.Number ?? 0) + 1, result, problem));
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
