using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Daemon.Api.Access;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Daemon.Api;

/// <summary>A request is answered with an error. The message is for the client.</summary>
/// <param name="status">The HTTP status code.</param>
/// <param name="title">The kind of error, in a few words.</param>
/// <param name="detail">What is wrong with this request.</param>
internal sealed class HttpStatusException(int status, string title, string detail) : Exception(detail)
{
    internal int Status => status;

    internal string Title => title;

    /// <inheritdoc cref="ApiProblem.Errors"/>
    internal ImmutableArray<IssueRecord>? Errors { get; init; }

    /// <inheritdoc cref="ApiProblem.UsedBy"/>
    internal ImmutableArray<string>? UsedBy { get; init; }
}

/// <summary>Turns errors into problem details (RFC 9457).</summary>
/// <param name="log">Receives faults of this program.</param>
internal sealed class ApiErrors(ILogger log)
{
    /// <summary>Runs the rest of the pipeline.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "A fault in one request must not end others, and is logged.")]
    internal async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            // The client notices a response that ends before its end.
            log.RequestFailed(e, context.Request.Method, context.Request.Path);
            context.Abort();
        }
        catch (HttpStatusException e)
        {
            await WriteAsync(context, new ApiProblem(e.Title, e.Status, e.Message)
            {
                Errors = e.Errors,
                UsedBy = e.UsedBy,
            }).ConfigureAwait(false);
        }
        catch (ApiRequestException e)
        {
            await WriteAsync(context, StatusCodes.Status409Conflict, e.Title, e.Message).ConfigureAwait(false);
        }
        catch (EngineException e)
        {
            await WriteAsync(context, NotNow(e.Message)).ConfigureAwait(false);
        }
        catch (UnknownNameException e)
        {
            await WriteAsync(context, ApiProblem.UnknownNameStatus, "unknown name", e.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(context, e.StatusCode, "bad request", e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException
            && context.RequestAborted.IsCancellationRequested)
        {
            // the client has closed the connection
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            log.RequestFailed(e, context.Request.Method, context.Request.Path);
            await WriteAsync(context, StatusCodes.Status500InternalServerError, "internal error",
                $"{e.GetType().Name}: the log of the director has the details").ConfigureAwait(false);
        }
    }

    /// <summary>The error of a request that the director cannot fulfil in its present state.</summary>
    internal static ApiProblem NotNow(string detail) => new("not now", StatusCodes.Status409Conflict, detail);

    internal static Task WriteAsync(HttpContext context, int status, string title, string detail) =>
        WriteAsync(context, new ApiProblem(title, status, detail));

    private static Task WriteAsync(HttpContext context, ApiProblem problem)
    {
        context.Response.StatusCode = problem.Status;
        return ApiBodies.WriteAsync(context, problem, ApiJson.Default.ApiProblem, ApiProblem.MediaType);
    }
}

/// <summary>Answers requests that a policy rejects.</summary>
internal sealed class RejectedRequests : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy,
        PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
            return next(context);
        string? reason = authorizeResult.AuthorizationFailure?.FailureReasons.FirstOrDefault()?.Message;
        if (policy.Requirements.Any(static r => r is OwnServerRequirement))
        {
            return ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, "wrong certificate",
                reason ?? "the request has no client certificate");
        }
        // ASP.NET gives no reason if the sender is unknown.
        if (reason is not null)
            return ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, "not allowed", reason);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return ApiErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, "not logged in",
            "the request has no valid credentials: log in, or send a token");
    }
}
