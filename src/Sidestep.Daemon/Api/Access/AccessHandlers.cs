using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Control.Access;
using Sidestep.Daemon.Api.Rest;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Handles requests about users, tokens and logins.</summary>
/// <param name="store">Users and tokens.</param>
/// <param name="limits">Limits failed logins.</param>
/// <param name="passwords">Hashes passwords.</param>
internal sealed class AccessHandlers(AccessStore store, LoginLimits limits, PasswordChecks passwords)
{
    /// <summary>The route parameter with the name of a user or a token.</summary>
    internal const string NameParameter = "name";

    /// <summary>The largest body of a login, which needs no credentials, bytes.</summary>
    private const int LongestLogin = 4096;

    internal static Task GetSessionAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, PrincipalOf(context).Record, ApiJson.Default.SessionRecord);
    }

    /// <summary>Exchanges a password for a token.</summary>
    internal async Task LogInAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        ApiBodies.Limit(context, LongestLogin);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.LoginRequest).ConfigureAwait(false);
        var address = context.Connection.RemoteIpAddress;
        string user = request.User ?? "", password = request.Password ?? "";
        RequireNoDelay(context, user);
        bool isRight = password.Length is > 0 and <= AccessStore.LongestPassword
            && await passwords.RunAsync(() =>
            {
                // Of many requests at once, those after the limit are not hashed.
                RequireNoDelay(context, user);
                if (store.IsPassword(user, password))
                    return true;
                limits.Failed(address, user);
                return false;
            }, context.RequestAborted).ConfigureAwait(false);
        if (!isRight)
        {
            const string reason = "the password is wrong, or there is no such user with a password";
            AuditRequests.Describe(context, reason);
            throw new HttpStatusException(StatusCodes.Status401Unauthorized, "not logged in", reason);
        }
        var issued = Run(() => store.LogIn(user, address?.ToString() ?? "this machine"));
        AuditRequests.Describe(context, $"user {user} logged in: token {issued.Record.Name}");
        await WriteAsync(context, issued).ConfigureAwait(false);
    }

    private void RequireNoDelay(HttpContext context, string user)
    {
        if (limits.DelayOf(context.Connection.RemoteIpAddress, user) is { Ticks: > 0 } delay)
            throw RequestLimits.TooMany(context, delay, "too many failed logins");
    }

    /// <summary>Revokes the token that the request has.</summary>
    internal Task LogOutAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        string name = PrincipalOf(context).TokenName ?? throw new HttpStatusException(StatusCodes.Status409Conflict,
            "no token", "the request has no token that could be revoked: certificates and local users do not log in");
        Run(() => store.Revoke(name));
        return NoContent(context);
    }

    internal Task ListUsersAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, new UserList(store.Users), ApiJson.Default.UserList);
    }

    internal async Task PutUserAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        string name = NameOf(context);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.UserRequest).ConfigureAwait(false);
        if (await passwords.RunAsync(() => Run(() => store.PutUser(name, request)), context.RequestAborted)
            .ConfigureAwait(false))
            context.Response.StatusCode = StatusCodes.Status201Created;
        AuditRequests.Describe(context, $"role {request.Role.Name()}"
            + (request.Scope is null ? "" : $", scope {request.Scope}")
            + (request.Password is null ? "" : ", password changed"));
        await ApiBodies.WriteAsync(context, store.Users.First(u => u.Name == name), ApiJson.Default.UserRecord)
            .ConfigureAwait(false);
    }

    internal Task DeleteUserAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        string name = NameOf(context);
        return Run(() => store.DeleteUser(name)) ? NoContent(context) : throw NotFound("user", name);
    }

    internal Task ListTokensAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, new TokenList(store.Tokens), ApiJson.Default.TokenList);
    }

    internal async Task CreateTokenAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.TokenRequest).ConfigureAwait(false);
        var issued = Run(() => store.CreateToken(request with { Name = request.Name ?? "" },
            PrincipalOf(context).Name));
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"{ApiPaths.Tokens}/{issued.Record.Name}";
        AuditRequests.Describe(context, $"token {issued.Record.Name}, role "
            + issued.Record.Role.Name()
            + (issued.Record.Scope is null ? "" : $", scope {issued.Record.Scope}")
            + $", until {issued.Record.Expires:u}");
        await WriteAsync(context, issued).ConfigureAwait(false);
    }

    internal Task RevokeTokenAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        string name = NameOf(context);
        return Run(() => store.Revoke(name)) ? NoContent(context) : throw NotFound("token", name);
    }

    private static Task WriteAsync(HttpContext context, IssuedToken issued)
    {
        context.Response.Headers.CacheControl = "no-store";
        return ApiBodies.WriteAsync(context, issued, ApiJson.Default.IssuedToken);
    }

    private static Principal PrincipalOf(HttpContext context) => context.Features.Get<Principal>()!;

    private static string NameOf(HttpContext context) => (string)context.GetRouteValue(NameParameter)!;

    private static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static HttpStatusException NotFound(string kind, string name) =>
        new(StatusCodes.Status404NotFound, "not found", $"there is no {kind} '{name}'");

    /// <summary>Runs a change, and turns its errors into those of the API.</summary>
    /// <exception cref="HttpStatusException">The change is not possible (422), or cannot be stored (503).</exception>
    internal static T Run<T>(Func<T> change)
    {
        try
        {
            return change();
        }
        catch (AccessException e)
        {
            throw new HttpStatusException(StatusCodes.Status422UnprocessableEntity, "not valid", e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "cannot be stored", e.Message);
        }
    }
}
