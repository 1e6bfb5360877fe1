using System.Collections.Immutable;

namespace Sidestep.Api.Access;

/// <summary>Lets the agent of a real server get a certificate, once.</summary>
/// <param name="Server">The name of the real server.</param>
/// <param name="Token">What the agent needs: a secret, a full stop, and the SHA-256 of the director's
/// certificate.</param>
/// <param name="Urls">The APIs that the agent can use, the preferred one first.</param>
/// <param name="Expires">When the invitation ends.</param>
/// <param name="IsConfigured">Whether a pool has the server; otherwise the agent gets no spec yet.</param>
public sealed record Invitation(string Server, string Token, ImmutableArray<Uri> Urls, DateTimeOffset Expires,
    bool IsConfigured);

/// <summary>Requests the first certificate of an agent.</summary>
/// <param name="Token">The secret of the invitation, without the SHA-256.</param>
/// <param name="Request">A certificate request (PKCS #10) in PEM format; only its key is used.</param>
public sealed record EnrolmentRequest(string Token, string Request);

/// <summary>Requests the next certificate of an agent.</summary>
/// <param name="Request">A certificate request (PKCS #10) in PEM format; only its key is used.</param>
public sealed record CertificateOrder(string Request);

/// <summary>The certificate of an agent.</summary>
/// <param name="Server">The name of the real server.</param>
/// <param name="Certificate">The certificate in PEM format.</param>
/// <param name="Authorities">The authorities that issue the director's certificate, in PEM format.</param>
public sealed record IssuedCertificate(string Server, string Certificate, string Authorities);
