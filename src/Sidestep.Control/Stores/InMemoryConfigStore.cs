using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>A store without a file, for callers that make the configuration themselves.</summary>
public sealed class InMemoryConfigStore : IConfigStore
{
    private readonly RevisionPublisher _revisions = new();
    private readonly Func<HostInfo?> _readHost;

    /// <param name="origin">Name in messages.</param>
    /// <param name="first">The first revision.</param>
    /// <param name="readHost">Reads the interfaces and addresses that configurations are validated against; its result
    /// may be null: none.</param>
    public InMemoryConfigStore(string origin, Configuration first, Func<HostInfo?> readHost)
    {
        Origin = origin;
        _readHost = readHost;
        Set(first);
    }

    /// <inheritdoc/>
    public string Origin { get; }

    /// <inheritdoc/>
    public ConfigRevision Current => _revisions.Current;

    /// <summary>Validates a configuration, and makes it, or its errors, the newest revision.</summary>
    public void Set(Configuration configuration) =>
        _revisions.Publish(ConfigurationValidator.Validate(configuration, _readHost()));

    /// <summary>Publishes why the source cannot be read, as the newest revision.</summary>
    public void Fail(string problem) => _revisions.PublishProblem(problem);

    /// <inheritdoc/>
    public Task<ConfigRevision> WaitForChangeAsync(long after, CancellationToken cancellation) =>
        _revisions.WaitForChangeAsync(after, cancellation);
}
