using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Sidestep.Api.ServerOverrides;
using Sidestep.Model.Objects;

namespace Sidestep.Api;

/// <content>Requests about overrides of real servers.</content>
public sealed partial class DirectorClient
{
    /// <summary>How often a change is repeated because others changed the same override meanwhile.</summary>
    private const int MostAttempts = 5;

    /// <summary>Fetches all overrides.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<OverrideList> ListOverridesAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Overrides, ApiJson.Default.OverrideList, cancellation);

    /// <summary>Changes the override of a server without losing changes of others.</summary>
    /// <param name="server">The server.</param>
    /// <param name="edit">Returns the new override for the present one, which is null if there is none.</param>
    /// <param name="isDryRun">True: plan the change, and do not make it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <exception cref="DirectorException">There is no response, or the director rejected the change.</exception>
    public async Task<OverrideReport> ChangeOverrideAsync(ObjectPath server,
        Func<OverrideRecord?, OverrideRequest> edit, bool isDryRun, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(edit);
        string path = ApiPaths.Of(server) + ApiPaths.Override;
        for (int attempt = 1; ; attempt++)
        {
            var (present, tag) = await ReadOverrideAsync(path, cancellation).ConfigureAwait(false);
            using var request = new HttpRequestMessage(HttpMethod.Put, path + (isDryRun ? "?dryRun=true" : ""));
            if (tag is not null)
                request.Headers.IfMatch.Add(tag);
            else
                request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
            request.Content = JsonContent.Create(edit(present), ApiJson.Default.OverrideRequest);
            try
            {
                return await RequireAsync(SendAsync(request, ApiJson.Default.OverrideReport, LongTimeout, cancellation))
                    .ConfigureAwait(false);
            }
            catch (DirectorException e) when (e.Status == (int)HttpStatusCode.PreconditionFailed
                && attempt < MostAttempts)
            {
                // Read it again.
            }
        }
    }

    private Task<(OverrideRecord? Present, EntityTagHeaderValue? Tag)> ReadOverrideAsync(string path,
        CancellationToken cancellation) => TryAsync(RequestTimeout, async limit =>
        {
            using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), limit).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
                return (default(OverrideRecord?), default(EntityTagHeaderValue?));
            if (!response.IsSuccessStatusCode)
                throw await ReadErrorAsync(response, limit).ConfigureAwait(false);
            return (await response.Content.ReadFromJsonAsync(ApiJson.Default.OverrideRecord, limit)
                .ConfigureAwait(false), response.Headers.ETag);
        }, cancellation);
}
