using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Authenticates operators on other machines: by a bearer token (RFC 6750), or by a client certificate whose
/// common name is a user.</summary>
/// <param name="store">Users and tokens.</param>
internal sealed class RemoteAuthentication(AccessStore store)
{
    private const string Bearer = "Bearer ";

    /// <summary>Sets the principal of a request, if it has valid credentials.</summary>
    internal Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        // Credentials that the client chose for this request come before those of the connection.
        var principal = TokenOf(context) is { } token ? store.OfToken(token)
            : ClientCertificates.NameOf(context) is { Length: > 0 } name ? store.OfUser(name) : null;
        if (principal is not null)
            Authenticated.Set(context, principal);
        return next(context);
    }

    private static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization is [{ } header]
        && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}
