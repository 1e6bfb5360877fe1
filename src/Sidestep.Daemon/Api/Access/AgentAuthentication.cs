using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Accepts the client certificates of agents that are not revoked. What an agent may do depends on the
/// path.</summary>
/// <param name="store">The revocations.</param>
internal sealed class AgentAuthentication(AccessStore store)
{
    /// <exception cref="HttpStatusException">The certificate is revoked (403).</exception>
    internal Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (ClientCertificates.NameOf(context) is not { } name)
            return next(context);
        if (IsRevoked(context, name))
        {
            throw new HttpStatusException(StatusCodes.Status403Forbidden, "revoked",
                $"the certificate of '{name}' is revoked: invite the agent again, sidestep agent invite {name}");
        }
        Authenticated.Set(context, name);
        context.Features.Set(new CredentialCheck(() => !IsRevoked(context, name)));
        return next(context);
    }

    private bool IsRevoked(HttpContext context, string name) => store.FirstAccepted(name) is { } first
        && context.Connection.ClientCertificate!.NotBefore.ToUniversalTime() < first.UtcDateTime;
}
