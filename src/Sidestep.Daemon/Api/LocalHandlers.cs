using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Status;

namespace Sidestep.Daemon.Api;

/// <summary>Handles requests of the command line on this machine.</summary>
/// <param name="status">Reads the status of the director.</param>
/// <param name="diagnose">Runs a diagnosis.</param>
/// <param name="running">Handles requests for the state of the engine, by path and body; null: unknown path.</param>
internal sealed class LocalHandlers(Func<DirectorStatus> status, Func<DoctorRequest, CancellationToken,
    Task<DoctorReport>> diagnose, Func<string, ReadOnlyMemory<byte>, byte[]?> running)
{
    internal Task GetStatusAsync(HttpContext context) =>
        ApiBodies.WriteAsync(context, status(), ApiJson.Default.DirectorStatus);

    internal async Task DiagnoseAsync(HttpContext context)
    {
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.DoctorRequest).ConfigureAwait(false);
        await ApiBodies.WriteAsync(context, await diagnose(request, context.RequestAborted).ConfigureAwait(false),
            ApiJson.Default.DoctorReport).ConfigureAwait(false);
    }

    internal async Task HandleRunningAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        var response = running(context.Request.Path.Value ?? "", body.ToArray())
            ?? throw ApiEndpoints.NotFound(context);
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(response, context.RequestAborted).ConfigureAwait(false);
    }
}
