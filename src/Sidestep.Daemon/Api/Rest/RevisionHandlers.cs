using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Control.Stores;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Handles requests for revisions of the configuration.</summary>
/// <param name="source">Where the configuration comes from.</param>
/// <param name="changes">Changes the configuration.</param>
internal sealed class RevisionHandlers(ConfigurationSource source, ConfigurationChanges changes)
{
    /// <summary>The route parameter with the number of a revision.</summary>
    internal const string NumberParameter = "number";

    /// <summary>The parameter with the revision to compare with.</summary>
    internal const string Since = "since";

    /// <summary>Sends the configuration of a revision.</summary>
    internal Task GetAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return RestBodies.WriteAsync(context, Read(NumberOf(context)));
    }

    /// <summary>Sends what differs from the revision <c>since</c>; without it, from the one before.</summary>
    internal Task GetDifferenceAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, Since);
        long after = NumberOf(context);
        long before = QueryParameters.Text(context, Since) is { } text ? Parse(text) : PreviousOf(after);
        if (before == 0 && after > 1)
        {
            throw new HttpStatusException(StatusCodes.Status404NotFound, "not found",
                $"the revision before {after} is no longer stored: compare with another one, {Since}=NUMBER");
        }
        JsonElement Shown(long number) => Secrets.ShownTo(context, Read(number));
        var values = ConfigurationDifference.Of(before == 0 ? default(JsonElement?) : Shown(before), Shown(after));
        return ApiBodies.WriteAsync(context,
            new RevisionDifference(before, after, [.. values.Select(ValueChanges.Of)]),
            ApiJson.Default.RevisionDifference);
    }

    /// <summary>Restores the configuration of a revision, as a new revision.</summary>
    internal async Task RollBackAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun, ConfigurationChanges.Reason);
        long number = NumberOf(context);
        string json = ReadText(number);
        var (report, change) = await changes.RunAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, accepted.Document);
            return json;
        }, static () => "", number).ConfigureAwait(false);
        context.Response.Headers.ETag = EntityTag.Of(change.Document);
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.ChangeReport).ConfigureAwait(false);
    }

    private IWritableConfigStore Store => source.Writable ?? throw new HttpStatusException(
        StatusCodes.Status409Conflict, "read-only",
        $"the configuration comes from {source.Path}, whose earlier contents the director does not store");

    private long PreviousOf(long number) =>
        Store.Revisions.LastOrDefault(r => r.Number < number)?.Number ?? 0;

    private JsonElement Read(long number)
    {
        using var document = JsonDocument.Parse(ReadText(number));
        return document.RootElement.Clone();
    }

    private string ReadText(long number)
    {
        try
        {
            return Store.ReadConfiguration(number) ?? throw new HttpStatusException(StatusCodes.Status404NotFound,
                "not found", $"there is no revision {number} (any more)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "cannot be read", e.Message);
        }
    }

    private static long NumberOf(HttpContext context) => Parse((string)context.GetRouteValue(NumberParameter)!);

    private static long Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0 ? number
            : throw QueryParameters.Wrong($"'{text}' is not the number of a revision: write a whole number from 1");
}
