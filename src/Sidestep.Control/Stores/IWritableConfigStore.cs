using System.Collections.Immutable;
using System.Text.Json;
using Sidestep.Control.Stores.Revisions;
using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>A store whose configuration requests may change.</summary>
public interface IWritableConfigStore : IConfigStore
{
    /// <summary>The newest accepted configuration.</summary>
    AcceptedConfiguration Accepted { get; }

    /// <summary>Returns why the director that runs cannot apply a configuration; null: it can. Such a configuration is
    /// not accepted.</summary>
    Func<Configuration, string?> RejectionReason { get; set; }

    /// <summary>Changes the configuration: reads the newest one, edits it, checks the result and stores it, with no
    /// other change in between. When the task ends, the change outlives a power failure.</summary>
    /// <param name="edit">Returns the text of the new document. An exception of it ends the change and is passed
    /// on.</param>
    /// <param name="note">Who changes it, and why; null: the change is checked and not stored.</param>
    /// <param name="cancellation">Gives up before the change is stored, never afterwards.</param>
    /// <exception cref="RejectedConfigurationException">The new configuration has errors.</exception>
    /// <exception cref="IOException">It cannot be stored.</exception>
    Task<ConfigurationChange> ChangeAsync(Func<AcceptedConfiguration, string> edit, RevisionNote? note,
        CancellationToken cancellation);

    /// <summary>The stored revisions, the oldest first.</summary>
    ImmutableArray<StoredRevision> Revisions { get; }

    /// <summary>Reads the configuration of a stored revision, as JSON.</summary>
    /// <returns>Null: there is no such revision any more.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    string? ReadConfiguration(long number);
}

/// <summary>A configuration that a store has accepted.</summary>
/// <param name="Revision">The revision that it was stored as.</param>
/// <param name="Json">The configuration as JSON on one line, in the canonical form.</param>
/// <param name="Document">The same, parsed. Safe for threads.</param>
/// <param name="Configuration">The same, as a model.</param>
/// <param name="Warnings">What works but is probably not intended.</param>
public sealed record AcceptedConfiguration(StoredRevision Revision, string Json, JsonElement Document,
    Configuration Configuration, ImmutableArray<ConfigurationIssue> Warnings);

/// <summary>The result of a change.</summary>
/// <param name="Before">The configuration before.</param>
/// <param name="Configuration">The configuration after it.</param>
/// <param name="Document">The same as JSON, in the canonical form.</param>
/// <param name="Warnings">What works but is probably not intended, if it was not so before.</param>
/// <param name="Revision">The revision that contains the change; if nothing has changed or was to be stored, the one
/// before.</param>
public sealed record ConfigurationChange(AcceptedConfiguration Before, Configuration Configuration,
    JsonElement Document, ImmutableArray<ConfigurationIssue> Warnings, StoredRevision Revision)
{
    /// <summary>The number of the change in <see cref="IConfigStore.Current"/>; 0: nothing was stored.</summary>
    public long Published { get; init; }

    /// <summary>True if the configuration differs from the one before.</summary>
    public bool IsChanged => !JsonElement.DeepEquals(Before.Document, Document);
}

/// <summary>A change was not accepted, because the new configuration has errors.</summary>
public sealed class RejectedConfigurationException : Exception
{
    /// <summary>Creates an exception without errors.</summary>
    public RejectedConfigurationException()
    {
    }

    /// <summary>Creates an exception for a configuration that is valid, and that the running director cannot
    /// apply.</summary>
    public RejectedConfigurationException(string reason)
        : base(reason)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public RejectedConfigurationException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Creates an exception for a configuration with errors.</summary>
    /// <param name="errors">At least one.</param>
    public RejectedConfigurationException(ImmutableArray<ConfigurationIssue> errors)
        : base(string.Join('\n', errors)) => Errors = errors;

    /// <summary>The errors; empty: the message is the reason.</summary>
    public ImmutableArray<ConfigurationIssue> Errors { get; } = [];
}
