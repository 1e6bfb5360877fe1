using System.Collections.Immutable;
using Sidestep.Control.Stores;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Checks a changed configuration, and proposes it to the control loop or rejects it.</summary>
/// <param name="store">Where configurations come from.</param>
/// <param name="rejectionReason">Returns why the running daemon cannot apply a configuration; null: it can.</param>
/// <param name="propose">Receives a configuration that the daemon accepts, with its number in the store.</param>
/// <param name="status">Receives the errors of the file, and why it cannot be read.</param>
/// <param name="revisions">Receives every revision with the decision.</param>
/// <param name="log">Receives warnings and errors.</param>
internal sealed class ConfigurationReload(IConfigStore store, Func<Configuration, string?> rejectionReason,
    Action<long, Configuration> propose, StatusReporter status, RevisionHistory revisions, ILogger log)
{
    /// <summary>Decides about the newest revision.</summary>
    internal void Run()
    {
        var revision = store.Current;
        if (revision.Result is not { } result)
        {
            NoteUnreadable(revision);
            return;
        }
        status.SetProblems(ProblemSource.ConfigurationFile, []);
        foreach (var warning in result.Warnings)
            log.ConfigurationWarning(warning.Format(store.Origin, "warning"));
        if (result.Configuration is { } configuration)
            Check(revision, configuration);
        else
            Reject(revision, [.. result.Errors.Select(e => e.Format(store.Origin, "error"))]);
    }

    /// <summary>The store tries again. What the file says is unknown: it may be the configuration in force.</summary>
    private void NoteUnreadable(ConfigRevision revision)
    {
        var problem = $"{store.Origin} cannot be read, and is tried again: {revision.Problem}";
        log.ConfigurationUnreadable(problem);
        status.SetProblems(ProblemSource.ConfigurationFile, [problem]);
        revisions.Add(revision.Number, store.Origin, [problem]);
    }

    private void Check(ConfigRevision revision, Configuration configuration)
    {
        if (rejectionReason(configuration) is { } rejection)
            Reject(revision, [rejection]);
        else
        {
            // Before the log, so that a reader of the log does not find the errors of the previous revision.
            status.SetFileErrors([]);
            revisions.Add(revision.Number, store.Origin, []);
            log.ConfigurationChanged();
            propose(revision.Number, configuration);
        }
    }

    private void Reject(ConfigRevision revision, ImmutableArray<string> errors)
    {
        foreach (var error in errors)
            log.ConfigurationError(error);
        log.ConfigurationRejected();
        status.SetFileErrors(errors);
        revisions.Add(revision.Number, store.Origin, errors);
    }
}
