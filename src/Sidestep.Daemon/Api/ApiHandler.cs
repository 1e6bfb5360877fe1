using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Daemon.Api;

/// <summary>Handles the requests of agents, each of which may only act for its own server, and of the command line on
/// this machine.</summary>
/// <param name="agents">The specs for agents and the reports of agents.</param>
/// <param name="status">Reads the status of the director.</param>
/// <param name="diagnose">Runs a diagnosis.</param>
/// <param name="running">Handles requests for the state of the engine, by path and body; null: unknown path.</param>
internal sealed class ApiHandler(AgentRegistry agents, Func<DirectorStatus> status,
    Func<DoctorRequest, CancellationToken, Task<DoctorReport>> diagnose,
    Func<string, ReadOnlyMemory<byte>, byte[]?> running)
{
    /// <summary>OID of the attribute commonName (X.520).</summary>
    private const string CommonName = "2.5.4.3";

    /// <summary>Handles a request on the Unix socket.</summary>
    internal Task HandleLocalAsync(HttpContext context) => HandleErrorsAsync(context, async () =>
    {
        var path = context.Request.Path.Value ?? "";
        if (path == ApiPaths.Status && HttpMethods.IsGet(context.Request.Method))
            await WriteAsync(context, Query(status), ApiJson.Default.DirectorStatus).ConfigureAwait(false);
        else if (path == ApiPaths.Doctor && HttpMethods.IsPost(context.Request.Method))
        {
            var request = await ReadAsync(context, ApiJson.Default.DoctorRequest).ConfigureAwait(false);
            await WriteAsync(context, await diagnose(request, context.RequestAborted).ConfigureAwait(false),
                ApiJson.Default.DoctorReport).ConfigureAwait(false);
        }
        else if (path.StartsWith(LocalApiPaths.Folder, StringComparison.Ordinal))
            await HandleRunningAsync(context, path).ConfigureAwait(false);
        else
            throw NotFound(context);
    });

    private async Task HandleRunningAsync(HttpContext context, string path)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        var response = Query(() => running(path, body.ToArray())) ?? throw NotFound(context);
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(response, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>What the engine answers.</summary>
    /// <exception cref="ApiRequestException">The engine cannot answer; the message says why.</exception>
    private static T Query<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (EngineException e)
        {
            throw new ApiRequestException("not now", e.Message);
        }
    }

    /// <summary>Handles a request of an agent. The TLS handshake has verified the certificate against the CA
    /// file.</summary>
    internal Task HandleAgentAsync(HttpContext context) => HandleErrorsAsync(context, async () =>
    {
        var path = context.Request.Path.Value ?? "";
        if (HttpMethods.IsGet(context.Request.Method)
            && AuthorizedServer(context, path, ApiPaths.Spec) is { } specServer)
            await SendSpecAsync(context, specServer).ConfigureAwait(false);
        else if (HttpMethods.IsPost(context.Request.Method)
            && AuthorizedServer(context, path, ApiPaths.Reports) is { } reportServer)
        {
            var report = await ReadAsync(context, ApiJson.Default.AgentReport).ConfigureAwait(false);
            await WriteAsync(context, agents.Report(reportServer, report) ?? throw ServerNotFound(reportServer),
                ApiJson.Default.ReportResponse).ConfigureAwait(false);
        }
        else if (HttpMethods.IsPost(context.Request.Method)
            && AuthorizedServer(context, path, ApiPaths.Drains) is { } drainServer)
        {
            var request = await ReadAsync(context, ApiJson.Default.DrainRequest).ConfigureAwait(false);
            if (request.State is not (AdminStates.Enabled or AdminStates.Draining))
                throw new HttpStatusException(StatusCodes.Status400BadRequest, "no such state",
                    $"'{request.State}' is neither enabled nor draining");
            if (!agents.SetAdminState(drainServer, request))
                throw ServerNotFound(drainServer);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
            throw NotFound(context);
    });

    private async Task SendSpecAsync(HttpContext context, string server)
    {
        if (!agents.Knows(server))
            throw ServerNotFound(server);
        long? after = null;
        if (context.Request.Query["after"].ToString() is { Length: > 0 } text)
        {
            after = long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
                : throw new HttpStatusException(StatusCodes.Status400BadRequest, "no such revision",
                $"after={text} is not a number");
        }
        if (await agents.GetSpecAsync(server, after, ApiPaths.LongestPoll, context.RequestAborted)
            .ConfigureAwait(false) is { } spec)
            await WriteAsync(context, spec, ApiJson.Default.ServerSpec).ConfigureAwait(false);
        else
            context.Response.StatusCode = StatusCodes.Status304NotModified;
    }

    /// <summary>The server that a path names, if the path is below the folder; otherwise null.</summary>
    /// <exception cref="HttpStatusException">The client's certificate is of another server.</exception>
    private static string? AuthorizedServer(HttpContext context, string path, string folder)
    {
        if (!path.StartsWith(folder, StringComparison.Ordinal) || path.Length == folder.Length)
            return null;
        var server = path[folder.Length..];
        var name = NameOf(context.Connection.ClientCertificate);
        return name == server ? server
            : throw new HttpStatusException(StatusCodes.Status403Forbidden, "wrong certificate",
            $"the certificate of '{name}' does not authorise requests for '{server}': "
                + "use a certificate with the server's name as its common name");
    }

    private static string? NameOf(X509Certificate2? certificate) =>
        certificate?.SubjectName.EnumerateRelativeDistinguishedNames()
        .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
        .Select(static part => part.GetSingleElementValue()).FirstOrDefault();

    private static HttpStatusException ServerNotFound(string server) =>
        new(StatusCodes.Status404NotFound, "no such server",
        $"no real server of this director has the name or address '{server}': "
        + "add it to a pool, or give the agent the certificate of a server in a pool");

    private static HttpStatusException NotFound(HttpContext context) => new(StatusCodes.Status404NotFound, "not found",
        $"{context.Request.Method} {context.Request.Path} does not exist in this API");

    private static async Task HandleErrorsAsync(HttpContext context, Func<Task> handler)
    {
        try
        {
            await handler().ConfigureAwait(false);
        }
        catch (HttpStatusException e)
        {
            context.Response.StatusCode = e.Status;
            await WriteAsync(context, new ApiProblem(e.Title, e.Status, e.Message), ApiJson.Default.ApiProblem,
                ApiProblem.MediaType).ConfigureAwait(false);
        }
        catch (ApiRequestException e)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            await WriteAsync(context, new ApiProblem(e.Title, StatusCodes.Status409Conflict, e.Message),
                ApiJson.Default.ApiProblem, ApiProblem.MediaType).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the client has closed the connection
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                .ConfigureAwait(false)
                ?? throw new JsonException("the body is null");
        }
        catch (JsonException e)
        {
            throw new HttpStatusException(StatusCodes.Status400BadRequest, "bad request", e.Message);
        }
        catch (BadHttpRequestException e)
        {
            throw new HttpStatusException(e.StatusCode, "bad request", e.Message);
        }
    }

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, string mediaType =
        "application/json")
    {
        context.Response.ContentType = mediaType;
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    private sealed class HttpStatusException(int status, string title, string detail) : Exception(detail)
    {
        internal int Status => status;

        internal string Title => title;
    }
}
