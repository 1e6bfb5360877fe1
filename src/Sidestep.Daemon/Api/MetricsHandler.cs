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
        // Complete before the first byte: Prometheus must not take half of the series for all of them.
        using var text = new MemoryStream();
        var metrics = new PrometheusMetrics();
        StatusMetrics.Add(metrics, status(), perServer());
        await metrics.WriteAsync(text, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        context.Response.ContentLength = text.Length;
        text.Position = 0;
        await text.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
