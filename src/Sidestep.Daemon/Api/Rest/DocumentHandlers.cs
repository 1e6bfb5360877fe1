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
        // The places of errors are in the text that the client sent.
        await ChangeAsync(context, null, _ => text, null).ConfigureAwait(false);
    }

    internal async Task PatchAsync(HttpContext context)
    {
        RequireKnown(context);
        var patch = await RestBodies.ReadObjectAsync(context, RestBodies.MergePatch).ConfigureAwait(false);
        await EditAsync(context, null, document => document.Patch(patch)).ConfigureAwait(false);
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
        await EditAsync(context, name, document => document.PutSection(name, content)).ConfigureAwait(false);
    };

    internal RequestDelegate PatchSection(string name) => async context =>
    {
        RequireKnown(context);
        var patch = await RestBodies.ReadObjectAsync(context, RestBodies.MergePatch).ConfigureAwait(false);
        await EditAsync(context, name, document => document.PatchSection(name, patch)).ConfigureAwait(false);
    };

    /// <summary>Edits a copy of the configuration.</summary>
    /// <param name="context">The request.</param>
    /// <param name="section">The section that its entity tag is about; null: the whole configuration.</param>
    /// <param name="edit">Edits the copy.</param>
    private Task EditAsync(HttpContext context, string? section, Action<EditedDocument> edit) =>
        ChangeAsync(context, section, accepted =>
        {
            var document = new EditedDocument(accepted.Document);
            edit(document);
            return document.ToText();
        }, () => section is null ? "" : $"/{section}");

    private async Task ChangeAsync(HttpContext context, string? section, Func<AcceptedConfiguration, string> edit,
        Func<string?>? pointerOf)
    {
        JsonElement Part(JsonElement document) => section is null ? document : document.GetProperty(section);
        var (report, change) = await changes.RunAsync(context, accepted =>
        {
            EntityTag.RequireMatch(context, Part(accepted.Document));
            return edit(accepted);
        }, pointerOf).ConfigureAwait(false);
        if (report.Plan is null)
            context.Response.Headers.ETag = EntityTag.Of(Part(change.Document));
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.ChangeReport).ConfigureAwait(false);
    }

    private static void RequireKnown(HttpContext context) =>
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun, ConfigurationChanges.Reason);
}
