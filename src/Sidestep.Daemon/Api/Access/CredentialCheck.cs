using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Checks the credentials of a request once more after its body was read: a body takes as long as its sender
/// likes, and credentials may have been revoked or have expired meanwhile.</summary>
/// <param name="AreValid">Whether the credentials are still those that the request began with.</param>
internal sealed record CredentialCheck(Func<bool> AreValid)
{
    /// <exception cref="HttpStatusException">The credentials have ended (401).</exception>
    internal static void Require(HttpContext context)
    {
        if (context.Features.Get<CredentialCheck>() is { } check && !check.AreValid())
        {
            throw new HttpStatusException(StatusCodes.Status401Unauthorized, "not logged in",
                "the credentials have ended while the request was read: log in again");
        }
    }
}
