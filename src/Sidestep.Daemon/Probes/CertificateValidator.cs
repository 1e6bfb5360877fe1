using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>Validates the certificate of a server as far as its monitor requires.</summary>
/// <param name="expected">The monitor's requirements on the certificate.</param>
internal sealed class CertificateValidator(TlsExpectation expected)
{
    /// <summary>Why the last certificate was rejected; null: it was not.</summary>
    internal string? Error { get; private set; }

    /// <summary>The callback of <see cref="SslStream"/>; see
    /// <see cref="RemoteCertificateValidationCallback"/>.</summary>
    internal bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Error = Validate(certificate, chain, errors);
        return Error is null;
    }

    private string? Validate(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (expected.Check == TlsCheck.None)
            return null;
        if (certificate is null)
            return "TLS: the server has no certificate";
        if (expected.Check == TlsCheck.Name && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"TLS: the certificate is not for {expected.ServerName} but for {certificate.Subject}";
        if (expected.CaFile is { } file)
            return ValidateByFile(file, certificate, chain);
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? $"TLS: {Statuses(chain)}" : null;
    }

    private static string? ValidateByFile(string file, X509Certificate certificate, X509Chain? sent)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            using var own = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(own) ? null : $"TLS: {Statuses(chain)}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"TLS: cannot read the CA file {file}: {e.Message}";
        }
    }

    private static string Statuses(X509Chain? chain) =>
        string.Join("; ", (chain?.ChainStatus ?? []).Select(static s => s.StatusInformation.Trim())
        .Distinct()) is { Length: > 0 } text ? text : "the certificate is not trusted";
}
