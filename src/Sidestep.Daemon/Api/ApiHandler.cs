using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Running;

namespace Sidestep.Daemon.Api;

/// <summary>Answers requests: of agents, each for itself alone, and of the command line on this machine.</summary>
/// <param name="agents">What agents say and are told.</param>
/// <param name="state">What the director knows beside its tables.</param>
/// <param name="diagnose">The doctor.</param>
/// <param name="running">Answers what only the engine knows.</param>
internal sealed class ApiHandler(AgentRegistry agents, Func<DirectorState> state, Func<DoctorRequest, CancellationToken, Task<DoctorReport>> diagnose,
    Func<string, ReadOnlyMemory<byte>, byte[]?> running)
{
    /// <summary>X.520 commonName.</summary>
    private const string CommonName = "2.5.4.3";

    /// <summary>A request on the Unix socket.</summary>
    internal Task AnswerLocalAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var path = context.Request.Path.Value ?? "";
        if (path == ApiPaths.Status && HttpMethods.IsGet(context.Request.Method))
            await WriteAsync(context, state(), ApiJson.Default.DirectorState).ConfigureAwait(false);
        else if (path == ApiPaths.Doctor && HttpMethods.IsPost(context.Request.Method))
        {
            var request = await ReadAsync(context, ApiJson.Default.DoctorRequest).ConfigureAwait(false);
            await WriteAsync(context, await diagnose(request, context.RequestAborted).ConfigureAwait(false), ApiJson.Default.DoctorReport).ConfigureAwait(false);
        }
        else if (path.StartsWith(RunningPaths.Folder, StringComparison.Ordinal))
            await RunningAsync(context, path).ConfigureAwait(false);
        else
            throw Unknown(context);
    });

    private async Task RunningAsync(HttpContext context, string path)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        byte[] answer;
        try
        {
            answer = running(path, body.ToArray()) ?? throw Unknown(context);
        }
        catch (EngineException e)
        {
            throw new ApiRefusal("not now", e.Message);
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(answer, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A request of an agent: its certificate came from the authority, or it would not be here.</summary>
    internal Task AnswerAgentAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var path = context.Request.Path.Value ?? "";
        if (HttpMethods.IsGet(context.Request.Method) && Server(context, path, ApiPaths.Duties) is { } asks)
            await DutiesAsync(context, asks).ConfigureAwait(false);
        else if (HttpMethods.IsPost(context.Request.Method) && Server(context, path, ApiPaths.Reports) is { } reports)
        {
            var report = await ReadAsync(context, ApiJson.Default.AgentReport).ConfigureAwait(false);
            await WriteAsync(context, agents.Report(reports, report) ?? throw NoServer(reports), ApiJson.Default.ReportAnswer).ConfigureAwait(false);
        }
        else if (HttpMethods.IsPost(context.Request.Method) && Server(context, path, ApiPaths.Drains) is { } drains)
        {
            var wish = await ReadAsync(context, ApiJson.Default.DrainRequest).ConfigureAwait(false);
            if (wish.State is not (OperatorWish.Enabled or OperatorWish.Draining))
                throw new RefusalException(StatusCodes.Status400BadRequest, "no such state", $"'{wish.State}' is neither enabled nor draining");
            if (!agents.Wish(drains, wish))
                throw NoServer(drains);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
            throw Unknown(context);
    });

    private async Task DutiesAsync(HttpContext context, string server)
    {
        if (!agents.Knows(server))
            throw NoServer(server);
        long? after = null;
        if (context.Request.Query["after"].ToString() is { Length: > 0 } text)
        {
            after = long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
                : throw new RefusalException(StatusCodes.Status400BadRequest, "no such revision", $"after={text} is not a number");
        }
        if (await agents.DutiesAsync(server, after, ApiPaths.LongestPoll, context.RequestAborted).ConfigureAwait(false) is { } duties)
            await WriteAsync(context, duties, ApiJson.Default.Duties).ConfigureAwait(false);
        else
            context.Response.StatusCode = StatusCodes.Status304NotModified;
    }

    /// <summary>The server that a path is about, if it is below the folder: nobody speaks for another.</summary>
    private static string? Server(HttpContext context, string path, string folder)
    {
        if (!path.StartsWith(folder, StringComparison.Ordinal) || path.Length == folder.Length)
            return null;
        var server = path[folder.Length..];
        var name = NameOf(context.Connection.ClientCertificate);
        return name == server ? server : throw new RefusalException(StatusCodes.Status403Forbidden, "not yours",
            $"the certificate is of '{name}', which may not speak for '{server}': use the certificate whose common name is the server's");
    }

    private static string? NameOf(X509Certificate2? certificate) => certificate?.SubjectName.EnumerateRelativeDistinguishedNames()
        .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
        .Select(static part => part.GetSingleElementValue()).FirstOrDefault();

    private static RefusalException NoServer(string server) => new(StatusCodes.Status404NotFound, "no such server",
        $"no real server of this director has the name or address '{server}': name it in a pool, or give the agent the certificate of one that is");

    private static RefusalException Unknown(HttpContext context) => new(StatusCodes.Status404NotFound, "no such thing",
        $"{context.Request.Method} {context.Request.Path} is nothing that this director answers here");

    private static async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer().ConfigureAwait(false);
        }
        catch (RefusalException e)
        {
            context.Response.StatusCode = e.Status;
            await WriteAsync(context, new ApiProblem(e.Title, e.Status, e.Message), ApiJson.Default.ApiProblem, ApiProblem.MediaType).ConfigureAwait(false);
        }
        catch (ApiRefusal e)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            await WriteAsync(context, new ApiProblem(e.Title, StatusCodes.Status409Conflict, e.Message), ApiJson.Default.ApiProblem, ApiProblem.MediaType).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the asker has left
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false)
                ?? throw new JsonException("there is nothing");
        }
        catch (JsonException e)
        {
            throw new RefusalException(StatusCodes.Status400BadRequest, "not understood", e.Message);
        }
        catch (BadHttpRequestException e)
        {
            throw new RefusalException(e.StatusCode, "not understood", e.Message);
        }
    }

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, string mediaType = "application/json")
    {
        context.Response.ContentType = mediaType;
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    private sealed class RefusalException(int status, string title, string detail) : Exception(detail)
    {
        internal int Status => status;

        internal string Title => title;
    }
}
