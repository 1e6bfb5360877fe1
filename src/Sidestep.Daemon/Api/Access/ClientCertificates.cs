using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Client certificates. The TLS handshake has verified them against the CA file.</summary>
internal static class ClientCertificates
{
    /// <summary>OID of the attribute commonName (X.520).</summary>
    private const string CommonName = "2.5.4.3";

    /// <summary>The common name of the client's certificate, empty if it has none; null: there is no
    /// certificate.</summary>
    internal static string? NameOf(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate ? NameOf(certificate) : null;

    private static string NameOf(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
        .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
        .Select(static part => part.GetSingleElementValue()).FirstOrDefault() ?? "";
}
