using System.Net;
using Microsoft.AspNetCore.Http;
using Prometheus;
using Sidestep.Api.Status;
using Sidestep.Daemon.Metrics;

namespace Sidestep.Daemon.Api;

/// <summary>Handles requests for metrics.</summary>
/// <param name="status">Reads the status of the director.</param>
/// <param name="perServer">Reads whether servers have series of their own.</param>
internal sealed class MetricsHandler(Func<DirectorStatus> status, Func<bool> perServer)
{
    internal async Task SendAsync(HttpContext context)
    {
        // A page in a browser on this machine could give its own name the address 127.0.0.1 (DNS rebinding).
        var host = context.Request.Host.Host;
        if (!context.Request.IsHttps && host != "localhost" && !IPAddress.TryParse(host, out _))
            throw new HttpStatusException(StatusCodes.Status403Forbidden, "forbidden",
                $"'{host}' is not a name of this listener: use its address, or localhost");
        // Complete before the first byte: Prometheus must not take half of the series for all of them.
        using var text = new MemoryStream();
        await StatusMetrics.WriteAsync(status(), perServer(), text, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        context.Response.ContentLength = text.Length;
        text.Position = 0;
        await text.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
