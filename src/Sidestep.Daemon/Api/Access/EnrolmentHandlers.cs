using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Control.Access;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Api.Rest;
using Sidestep.Model;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Handles invitations of agents, and requests for their certificates.</summary>
/// <param name="store">The invitations and revocations.</param>
/// <param name="authority">Issues certificates.</param>
/// <param name="agents">Knows the servers of the configuration.</param>
/// <param name="limits">Limits failed attempts.</param>
internal sealed class EnrolmentHandlers(AccessStore store, AgentAuthority authority, AgentRegistry agents,
    LoginLimits limits)
{
    /// <summary>The parameter with the validity of an invitation.</summary>
    internal const string Minutes = "minutes";

    internal const int UsualMinutes = 60, MostMinutes = 7 * 24 * 60;

    /// <summary>The largest body of a request for a certificate, bytes.</summary>
    private const int LongestRequest = 16 << 10;

    internal Task InviteAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, Minutes);
        RequireOwn();
        string server = NameOf(context);
        var validity = TimeSpan.FromMinutes(QueryParameters.Number(context, Minutes, 1, MostMinutes, UsualMinutes));
        var (secret, expires) = AccessHandlers.Run(() =>
            store.Invite(server, validity, context.Features.Get<Principal>()!.Name));
        string fingerprint = AccessHandlers.Run(authority.Own.ReadFingerprint).ToLowerInvariant();
        AuditRequests.Describe(context, string.Create(CultureInfo.InvariantCulture,
            $"agent of {server}, until {expires:u}"));
        context.Response.Headers.CacheControl = "no-store";
        return ApiBodies.WriteAsync(context, new Invitation(server, $"{secret}.{fingerprint}", [.. authority.Urls()],
            expires, agents.Knows(RealServerKey.InDefault(server))), ApiJson.Default.Invitation);
    }

    internal Task RevokeAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        RequireOwn();
        string server = NameOf(context);
        AccessHandlers.Run(() =>
        {
            store.RevokeAgent(server);
            return true;
        });
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Gives an invited agent its first certificate.</summary>
    internal async Task EnrolAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        string key = $"agent at {address}";
        if (limits.DelayOf(address, key) is { Ticks: > 0 } delay)
            throw RequestLimits.TooMany(context, delay, "too many failed attempts");
        ApiBodies.Limit(context, LongestRequest);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.EnrolmentRequest).ConfigureAwait(false);
        RequireOwn();
        // Before the invitation is used up.
        AccessHandlers.Run(() => authority.Own.Issue(request.Request ?? "", "check", null));
        if (AccessHandlers.Run(() => store.Redeem(request.Token ?? "")) is not { } server)
        {
            limits.Failed(address, key);
            throw new HttpStatusException(StatusCodes.Status401Unauthorized, "not invited",
                "the token is wrong, was used already, or has ended: invite the agent again, sidestep agent invite");
        }
        AuditRequests.Describe(context, $"agent of {server} enrolled");
        await IssueAsync(context, server, request.Request!).ConfigureAwait(false);
    }

    /// <summary>Gives an agent its next certificate.</summary>
    internal async Task RenewAsync(HttpContext context)
    {
        ApiBodies.Limit(context, LongestRequest);
        string server = (string)context.GetRouteValue(ApiPolicies.ServerParameter)!;
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.CertificateOrder).ConfigureAwait(false);
        RequireOwn();
        AuditRequests.Describe(context, $"agent of {server} renewed its certificate");
        await IssueAsync(context, server, request.Request ?? "").ConfigureAwait(false);
    }

    private Task IssueAsync(HttpContext context, string server, string request)
    {
        var issued = AccessHandlers.Run(() => new IssuedCertificate(server,
            authority.Own.Issue(request, server, store.FirstAccepted(server)), authority.Own.ReadPem()));
        return ApiBodies.WriteAsync(context, issued, ApiJson.Default.IssuedCertificate);
    }

    private void RequireOwn()
    {
        if (!authority.IsOwn)
        {
            throw new HttpStatusException(StatusCodes.Status409Conflict, "not now",
                "the director issues no certificates: node.api is missing, or has certFile, keyFile and caFile of "
                    + "another authority. Issue the agent's certificate there, or leave these keys out");
        }
    }

    private static string NameOf(HttpContext context)
    {
        string name = (string)context.GetRouteValue(AccessHandlers.NameParameter)!;
        return name.Length is > 0 and <= 63 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'
            or '.' or ':') ? name : throw QueryParameters.Wrong($"'{name}' is not the name or address of a real "
                + "server");
    }
}
