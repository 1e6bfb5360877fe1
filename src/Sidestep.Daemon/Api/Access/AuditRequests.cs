using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.Daemon.Api.Rest;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Writes requests to the audit log: changes, captures, logins, and whatever was refused.</summary>
/// <param name="log">The audit log.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditRequests(AuditLog log, TimeProvider time)
{
    /// <summary>The most refused requests in a second that get entries of their own. The others are counted.</summary>
    private const int MostRefused = 20;

    private const int LongestText = 1000;

    private static readonly object DetailKey = new();

    private readonly Lock _gate = new();
    private long _second;
    private int _refused;
    private int _omitted;

    /// <summary>Adds to the entry of a request what happened.</summary>
    internal static void Describe(HttpContext context, string detail) => context.Items[DetailKey] = detail;

    /// <summary>Runs the rest of the pipeline, and writes the entry when the response begins, or when the request ends
    /// without one.</summary>
    internal async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        int isWritten = 0;
        void Write()
        {
            if (Interlocked.Exchange(ref isWritten, 1) == 0)
                Append(context);
        }
        context.Response.OnStarting(() =>
        {
            Write();
            return Task.CompletedTask;
        });
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            Write();
        }
    }

    /// <summary>Writes how many refused requests got no entry. Called once a second.</summary>
    internal void Flush()
    {
        int omitted;
        lock (_gate)
            (omitted, _omitted) = (_omitted, 0);
        if (omitted > 0)
        {
            log.Append(new AuditEntry("unknown", "refused requests", StatusCodes.Status403Forbidden)
            {
                Detail = $"{omitted} more were refused, which have no entries of their own",
            });
        }
        log.Flush();
    }

    private void Append(HttpContext context)
    {
        int status = context.Response.StatusCode;
        bool isRefused = status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden
            or StatusCodes.Status421MisdirectedRequest;
        if (!isRefused && !IsAudited(context, status))
            return;
        // Senders without credentials must not fill the disk. What succeeds always has an entry.
        bool isLimited = isRefused || (status >= StatusCodes.Status400BadRequest
            && context.User.Identity is not { IsAuthenticated: true });
        if (isLimited && !MayWriteRefused())
            return;
        log.Append(new AuditEntry(ActorOf(context), RequestOf(context), status)
        {
            Address = context.Connection.RemoteIpAddress?.ToString(),
            Detail = context.Items.TryGetValue(DetailKey, out object? detail) ? (string?)detail : null,
        });
    }

    private static bool IsAudited(HttpContext context, int status) =>
        context.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is { IsAudited: true } operation
        && !(status < StatusCodes.Status400BadRequest
            && operation.Query.Any(static q => q.Name == ConfigurationChanges.DryRun)
            && QueryParameters.Text(context, ConfigurationChanges.DryRun) == "true");

    private bool MayWriteRefused()
    {
        long second = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            if (second != _second)
                (_second, _refused) = (second, 0);
            if (++_refused <= MostRefused)
                return true;
            _omitted++;
            return false;
        }
    }

    private static string ActorOf(HttpContext context) => context.Features.Get<Principal>()?.Name
        ?? (ClientCertificates.NameOf(context) is { } certificate ? $"certificate {certificate}"
        : context.Features.Get<PeerCredentials>() is { } peer
            ? $"uid {peer.UserId.ToString(CultureInfo.InvariantCulture)}" : "unknown");

    private static string RequestOf(HttpContext context)
    {
        var request = context.Request;
        // A user may have put a password into the query of a login by mistake.
        bool hasQuery = context.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is { NeedsCredentials: true };
        string text = $"{request.Method} {request.Path}{(hasQuery ? request.QueryString : "")}";
        return text.Length <= LongestText ? text : text[..LongestText];
    }
}
