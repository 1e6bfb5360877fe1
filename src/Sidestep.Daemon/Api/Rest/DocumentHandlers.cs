using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Control.Stores;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Handles requests for the configuration as a whole, and for its sections <c>node</c> and
/// <c>group</c>.</summary>
/// <param name="view">Reads the configuration.</param>
/// <param name="changes">Changes it.</param>
internal sealed class DocumentHandlers(ConfigurationView view, ConfigurationChanges changes)
{
    internal Task GetAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        var (configuration, document) = view.Read();
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Headers.Accept.ToString().Split(',')[0].Split(';')[0].Trim() != RestBodies.Yaml)
            return RestBodies.WriteAsync(context, document);
        // A strong entity tag stands for one representation: that of JSON.
        context.Response.ContentType = RestBodies.Yaml;
        return context.Response.WriteAsync(Secrets.AreShownTo(context) ? ConfigurationWriter.ToYaml(configuration)
            : ConfigurationWriter.ToYaml(Secrets.ShownTo(context, document).GetRawText()), context.RequestAborted);
    }

    /// <summary>Replaces the whole configuration, which may be YAML or JSON.</summary>
    internal async Task PutAsync(HttpContext context)
    {
        RequireKnown(context);
        string text = await RestBodies.ReadDocumentAsync(context).ConfigureAwait(false);
        await ChangeAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, accepted.Document);
            return text;
        }, null, static d => d).ConfigureAwait(false);
    }

    internal async Task PatchAsync(HttpContext context)
    {
        RequireKnown(context);
        var patch = await RestBodies.ReadObjectAsync(context, RestBodies.MergePatch).ConfigureAwait(false);
        await ChangeAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, accepted.Document);
            var document = new EditedDocument(accepted.Document);
            document.Patch(patch);
            return document.ToText();
        }, static () => "", static d => d).ConfigureAwait(false);
    }

    internal RequestDelegate GetSection(string name) => context =>
    {
        QueryParameters.RequireKnown(context);
        return RestBodies.WriteAsync(context, view.Read().Document.GetProperty(name));
    };

    internal RequestDelegate PutSection(string name) => async context =>
    {
        RequireKnown(context);
        var content = await RestBodies.ReadObjectAsync(context, RestBodies.Json).ConfigureAwait(false);
        await ChangeAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, accepted.Document.GetProperty(name));
            var document = new EditedDocument(accepted.Document);
            document.PutSection(name, content);
            return document.ToText();
        }, () => $"/{name}", d => d.GetProperty(name)).ConfigureAwait(false);
    };

    internal RequestDelegate PatchSection(string name) => async context =>
    {
        RequireKnown(context);
        var patch = await RestBodies.ReadObjectAsync(context, RestBodies.MergePatch).ConfigureAwait(false);
        await ChangeAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, accepted.Document.GetProperty(name));
            var document = new EditedDocument(accepted.Document);
            document.PatchSection(name, patch);
            return document.ToText();
        }, () => $"/{name}", d => d.GetProperty(name)).ConfigureAwait(false);
    };

    private async Task ChangeAsync(HttpContext context, Func<AcceptedConfiguration, string> edit,
        Func<string?>? pointerOf, Func<JsonElement, JsonElement> part)
    {
        var (report, change) = await changes.RunAsync(context, edit, pointerOf).ConfigureAwait(false);
        if (report.Plan is null)
            context.Response.Headers.ETag = EntityTag.Of(part(change.Document));
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.ChangeReport).ConfigureAwait(false);
    }

    private static void RequireKnown(HttpContext context) =>
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun, ConfigurationChanges.Reason);
}
