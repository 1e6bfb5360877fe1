using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api;

/// <summary>Who sends a request: a process on this machine, by its peer credentials, or a host, by its client
/// certificate.</summary>
internal static class ApiPrincipals
{
    /// <summary>Authentication types.</summary>
    internal const string Local = "peer-credentials", Certificate = "certificate";

    /// <summary>Claims of a local process: decimal numbers.</summary>
    internal const string UserId = "uid", GroupId = "gid", ProcessId = "pid";

    /// <summary>OID of the attribute commonName (X.520).</summary>
    private const string CommonName = "2.5.4.3";

    /// <summary>The principal of a request; without credentials, it is not authenticated.</summary>
    internal static ClaimsPrincipal Of(HttpContext context) =>
        context.Features.Get<PeerCredentials>() is { } peer ? new ClaimsPrincipal(Identity(peer))
        : context.Connection.ClientCertificate is { } certificate ? new ClaimsPrincipal(Identity(certificate))
        : new ClaimsPrincipal(new ClaimsIdentity());

    /// <summary>The sender of a request, for histories: <c>root (uid 0, login alice)</c>, or <c>certificate
    /// web1</c>.</summary>
    internal static string Describe(ClaimsPrincipal principal) =>
        principal.FindFirst(UserId)?.Value is { } user
            ? $"{UserNames.Of(user)} (uid {user}{UserNames.LoginOf(principal.FindFirst(ProcessId)?.Value)})"
        : principal.Identity?.AuthenticationType == Certificate ? $"certificate {principal.Identity.Name}"
        : "unknown";

    private static ClaimsIdentity Identity(PeerCredentials peer) => new(
    [
        new Claim(UserId, peer.UserId.ToString(CultureInfo.InvariantCulture)),
        new Claim(GroupId, peer.GroupId.ToString(CultureInfo.InvariantCulture)),
        new Claim(ProcessId, peer.ProcessId.ToString(CultureInfo.InvariantCulture)),
    ], Local);

    /// <summary>The TLS handshake has verified the certificate against the CA file.</summary>
    private static ClaimsIdentity Identity(X509Certificate2 certificate) =>
        new([new Claim(ClaimTypes.Name, NameOf(certificate))], Certificate);

    private static string NameOf(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
        .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
        .Select(static part => part.GetSingleElementValue()).FirstOrDefault() ?? "";
}
