using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sidestep.Api.Access;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Authenticates processes on the Unix socket: root and the user of the daemon are administrators.</summary>
internal static class LocalAuthentication
{
    private static readonly uint OwnUserId = UserIdOfProcess();

    /// <summary>Sets the principal of a request, or rejects it.</summary>
    /// <exception cref="HttpStatusException">The process has another user (403).</exception>
    internal static Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var peer = context.Features.Get<PeerCredentials>();
        if (peer is null || (peer.UserId != 0 && peer.UserId != OwnUserId))
        {
            throw new HttpStatusException(StatusCodes.Status403Forbidden, "wrong user",
                $"user {peer?.UserId.ToString(CultureInfo.InvariantCulture) ?? "unknown"} may not use this socket: use "
                + "it as root, or as the user of the daemon");
        }
        Authenticated.Set(context, new Principal(Describe(peer), Role.Administrator));
        return next(context);
    }

    /// <summary>For histories: <c>root (uid 0, login alice)</c>.</summary>
    private static string Describe(PeerCredentials peer)
    {
        string user = peer.UserId.ToString(CultureInfo.InvariantCulture);
        return $"{UserNames.Of(user)} (uid {user}"
            + UserNames.LoginOf(peer.ProcessId.ToString(CultureInfo.InvariantCulture)) + ")";
    }

    /// <summary>The effective user ID of this process (proc_pid_status(5)).</summary>
    private static uint UserIdOfProcess() => uint.Parse(File.ReadLines("/proc/self/status")
        .First(static l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2],
        CultureInfo.InvariantCulture);
}
