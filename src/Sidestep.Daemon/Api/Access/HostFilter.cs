using System.Net;
using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Rejects requests of web pages of others: a page in a browser could give its own name the address of the
/// director (DNS rebinding), or send requests across origins.</summary>
/// <param name="certificates">The certificates of the listener; null: it is on loopback, with HTTP.</param>
internal sealed class HostFilter(ApiCertificates? certificates)
{
    internal Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        string host = request.Host.Host.Trim('[', ']');
        if (!IsOwn(host))
        {
            throw new HttpStatusException(StatusCodes.Status421MisdirectedRequest, "wrong host",
                $"'{host}' is not a name of this listener: use "
                + (certificates is null ? "its address, or localhost" : "a name or an address of its certificate"));
        }
        if (request.Headers.Origin is [{ } origin, ..] && origin != $"{request.Scheme}://{request.Host.Value}")
        {
            throw new HttpStatusException(StatusCodes.Status403Forbidden, "wrong origin",
                $"a page of {origin} may not send requests to this listener");
        }
        return next(context);
    }

    private bool IsOwn(string host) => certificates?.IsFor(host)
        ?? (host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)));
}
