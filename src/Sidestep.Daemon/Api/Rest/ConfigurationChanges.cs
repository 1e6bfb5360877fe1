using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sidestep.Api.Configurations;
using Sidestep.Api.Plans;
using Sidestep.Control.Access;
using Sidestep.Control.Stores;
using Sidestep.Control.Stores.Revisions;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Changes the configuration for requests.</summary>
/// <param name="source">Where the configuration comes from.</param>
/// <param name="plan">Plans a configuration without applying it.</param>
/// <param name="threads">Runs plans.</param>
/// <param name="log">Receives accepted revisions, and failures of the store.</param>
internal sealed class ConfigurationChanges(ConfigurationSource source, Func<Configuration, PlanReport> plan,
    LongRequests threads, ILogger log)
{
    /// <summary>The parameters of every change.</summary>
    internal const string DryRun = "dryRun", Reason = "reason";

    private const int LongestReason = 1024;

    /// <summary>How long a response waits until the change is in force. Next hops of new servers take half a
    /// second.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Changes the configuration.</summary>
    /// <param name="context">The request; its parameters <c>dryRun</c> and <c>reason</c> apply.</param>
    /// <param name="edit">Returns the text of the new document; throws <see cref="HttpStatusException"/> if the request
    /// does not apply to the present one.</param>
    /// <param name="pointerOf">Returns the JSON Pointer of what the body replaces; null: the body is the
    /// document.</param>
    /// <param name="rollbackTo">The revision that the change restores; null: it is no rollback.</param>
    /// <exception cref="HttpStatusException">The change is not possible, or not accepted.</exception>
    internal async Task<(ChangeReport Report, ConfigurationChange Change)> RunAsync(HttpContext context,
        Func<AcceptedConfiguration, string> edit, Func<string?>? pointerOf, long? rollbackTo = null)
    {
        bool isDryRun = QueryParameters.Flag(context, DryRun);
        var note = new RevisionNote(context.Features.Get<Principal>()!.Name, ReasonOf(context), rollbackTo);
        if (source.Writable is not { } store)
            throw ReadOnly();
        var change = await ChangeAsync(store, edit, pointerOf, isDryRun ? null : note, context.RequestAborted)
            .ConfigureAwait(false);
        if (!isDryRun && change.IsChanged)
        {
            log.RevisionAccepted(change.Revision.Number, note.Author, note.Reason ?? "no reason given");
            AuditRequests.Describe(context, $"revision {change.Revision.Number}");
        }
        var values = ConfigurationDifference.Of(change.Before.Document, change.Document);
        var report = new ChangeReport(change.Revision.Number, change.IsChanged,
            [.. values.Take(ChangeReport.MostValues).Select(ValueChanges.Of)],
            [.. change.Warnings.Select(IssueRecord.Of).Select(w => pointerOf is null ? w : Located(w, pointerOf()))])
        {
            InForce = change.Published == 0 ? null
                : await source.Tried.WaitAsync(change.Published, LongestWait, context.RequestAborted)
                    .ConfigureAwait(false),
            OmittedValues = Math.Max(0, values.Length - ChangeReport.MostValues),
            // A plan names the services and servers of others.
            Plan = isDryRun && context.Features.Get<Principal>() is { Scope: null }
                ? await threads.RunAsync(context, _ => plan(change.Configuration)).ConfigureAwait(false) : null,
        };
        return (report, change);
    }

    private async Task<ConfigurationChange> ChangeAsync(IWritableConfigStore store,
        Func<AcceptedConfiguration, string> edit, Func<string?>? pointerOf, RevisionNote? note,
        CancellationToken cancellation)
    {
        try
        {
            return await store.ChangeAsync(edit, note, cancellation).ConfigureAwait(false);
        }
        catch (RejectedConfigurationException e) when (e.Errors.IsEmpty)
        {
            throw new HttpStatusException(StatusCodes.Status422UnprocessableEntity, "not applicable",
                $"{e.Message}. With a store: export the configuration, edit it, and start sidestepd with an empty "
                + "store and --initial-config");
        }
        catch (RejectedConfigurationException e)
        {
            throw Invalid(e.Errors, pointerOf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.RevisionStoreProblem($"a change was not accepted, because it cannot be stored: {e.Message}");
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "cannot be stored", e.Message);
        }
    }

    private HttpStatusException ReadOnly() => new(StatusCodes.Status409Conflict, "read-only",
        $"the configuration comes from {source.Path}: change that file, which the director follows. To change the "
        + "configuration by requests, start sidestepd with --store");

    private static HttpStatusException Invalid(ImmutableArray<ConfigurationIssue> errors, Func<string?>? pointerOf)
    {
        var records = errors.Select(IssueRecord.Of);
        if (pointerOf is not null)
        {
            string? body = pointerOf();
            records = records.Select(r => Located(r, body));
        }
        var first = errors[0].ToString();
        return new HttpStatusException(StatusCodes.Status422UnprocessableEntity, "not valid",
            errors.Length == 1 ? first : $"{first} {errors.Length - 1} more: see errors.")
        {
            Errors = [.. records],
        };
    }

    /// <summary>An issue with the place in the object instead of that in a text which the client has never
    /// seen.</summary>
    private static IssueRecord Located(IssueRecord record, string? body) => record with
    {
        Line = 0,
        Column = 0,
        JsonPointer = body is not null && IsWithin(record.JsonPointer, body) ? record.JsonPointer[body.Length..] : "",
        Related = null,
    };

    private static bool IsWithin(string pointer, string part) =>
        pointer.StartsWith(part, StringComparison.Ordinal)
        && (pointer.Length == part.Length || pointer[part.Length] == '/');

    /// <summary>True for characters that break a line of a log, or reverse its direction.</summary>
    private static bool IsInvisible(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string? ReasonOf(HttpContext context)
    {
        if (QueryParameters.Text(context, Reason) is not { Length: > 0 } reason)
            return null;
        if (reason.Length > LongestReason)
        {
            throw QueryParameters.Wrong($"{Reason} has {reason.Length} characters: at most {LongestReason} are "
                + "possible");
        }
        return reason.Any(IsInvisible)
            ? throw QueryParameters.Wrong($"{Reason} has control characters: write one line of text") : reason;
    }
}

/// <summary>Records of values that differ.</summary>
internal static class ValueChanges
{
    internal static ValueChange Of(DifferentValue value) => new(value.Path, value.Before, value.After);
}
