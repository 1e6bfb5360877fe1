using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sidestep.Api.Configurations;
using Sidestep.Model.Objects;

namespace Sidestep.Api;

/// <content>Requests for the configuration and its revisions.</content>
public sealed partial class DirectorClient
{
    /// <summary>Fetches the configuration.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<JsonObject> GetConfigurationAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Configuration, ApiJson.Default.JsonObject, cancellation);

    /// <summary>Fetches the configuration and its entity tag.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<(JsonObject Configuration, string Tag)> GetTaggedConfigurationAsync(CancellationToken cancellation) =>
        TryAsync(LongTimeout, async limit =>
        {
            using var response = await _http.GetAsync(new Uri(ApiPaths.Configuration, UriKind.Relative), limit)
                .ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw await ReadErrorAsync(response, limit).ConfigureAwait(false);
            var content = await response.Content.ReadFromJsonAsync(ApiJson.Default.JsonObject, limit)
                .ConfigureAwait(false);
            return (content ?? throw new DirectorException($"{_endpoint} sent an empty response"),
                response.Headers.ETag?.Tag ?? "*");
        }, cancellation);

    /// <summary>Fetches an object of the configuration.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request: status 404 if
    /// the object does not exist.</exception>
    public Task<JsonObject> GetObjectAsync(ObjectPath path, CancellationToken cancellation) =>
        GetAsync(ApiPaths.Of(path), ApiJson.Default.JsonObject, cancellation);

    /// <summary>Fetches a page of the objects of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="owner">The object that contains them; null: the configuration.</param>
    /// <param name="labels">Selects by labels; null: all.</param>
    /// <param name="after">The name that the page begins after; null: the first page.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<ObjectList> ListAsync(ObjectKind kind, ObjectPath? owner, string? labels, string? after,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(kind);
        string path = owner is null ? ApiPaths.ObjectsOf(kind) : $"{ApiPaths.Of(owner)}/{kind.Plural}";
        string query = "?limit=1000"
            + (labels is null ? "" : $"&labels={Uri.EscapeDataString(labels)}")
            + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}");
        return GetAsync(path + query, ApiJson.Default.ObjectList, cancellation);
    }

    /// <summary>Replaces the whole configuration.</summary>
    /// <param name="text">The document, in YAML or JSON.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <exception cref="DirectorException">There is no response, or the director rejected the change.</exception>
    public async Task<ChangeReport> ApplyAsync(string text, ChangeOptions options, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        // The director tells JSON by its first character; the type is the one that fits both.
        content.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
        return await ChangeAsync(HttpMethod.Put, ApiPaths.Configuration, content, options, cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>Deletes an object.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the change.</exception>
    public Task<ChangeReport> DeleteAsync(ObjectPath path, ChangeOptions options, CancellationToken cancellation) =>
        ChangeAsync(HttpMethod.Delete, ApiPaths.Of(path), null, options, cancellation);

    /// <summary>Restores the configuration of a revision, as a new revision.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the change.</exception>
    public Task<ChangeReport> RollBackAsync(long number, ChangeOptions options, CancellationToken cancellation) =>
        ChangeAsync(HttpMethod.Post, $"{PathOf(number)}/rollback", null, options, cancellation);

    /// <summary>Fetches what a revision changed.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<RevisionDifference> GetDifferenceAsync(long number, CancellationToken cancellation) =>
        GetAsync($"{PathOf(number)}/difference", ApiJson.Default.RevisionDifference, cancellation);

    private static string PathOf(long revision) =>
        $"{ApiPaths.Revisions}/{revision.ToString(CultureInfo.InvariantCulture)}";

    private async Task<ChangeReport> ChangeAsync(HttpMethod method, string path, HttpContent? content,
        ChangeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var request = new HttpRequestMessage(method, path + options.ToQuery()) { Content = content };
        if (options.IfMatch is { } tag)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return await RequireAsync(SendAsync(request, ApiJson.Default.ChangeReport, LongTimeout, cancellation))
            .ConfigureAwait(false);
    }
}
