using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;
using Sidestep.Daemon.Api.OpenApi;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Authenticates operators on other machines: by a bearer token (RFC 6750), or by a client certificate whose
/// common name is a user.</summary>
/// <param name="store">Users and tokens.</param>
internal sealed class RemoteAuthentication(AccessStore store)
{
    private const string Bearer = "Bearer ";

    /// <summary>Sets the principal of a request, if it has valid credentials. A response that has no end, ends when the
    /// credentials do.</summary>
    internal async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (Authenticate(context) is not { } principal)
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        Authenticated.Set(context, principal);
        context.Features.Set(new CredentialCheck(() => Authenticate(context) == principal));
        void EndIfRevoked()
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is { IsEndless: true }
                && Authenticate(context) != principal)
                context.Abort();
        }
        store.Changed += EndIfRevoked;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            store.Changed -= EndIfRevoked;
        }
    }

    /// <summary>Credentials that the client chose for this request come before those of the connection.</summary>
    private Principal? Authenticate(HttpContext context) => TokenOf(context) is { } token ? store.OfToken(token)
        : ClientCertificates.NameOf(context) is { Length: > 0 } name ? store.OfUser(name) : null;

    private static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization is [{ } header]
        && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}
