using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab;

/// <summary>A certificate authority of the run, and the certificates that it signs for director and agents.</summary>
internal static class Certificates
{
    /// <summary>Folder of the certificates and keys, below the run's folder.</summary>
    public const string FolderName = "pki";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public static void Write(CertificateNames? names, string folder)
    {
        if (names is null)
            return;
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=lab authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true,
            hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        // Valid from yesterday on: one of the lab's faults is a wrong clock.
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var ca = request.CreateSelfSigned(from, to);
        File.WriteAllText(Path.Combine(folder, "authority.pem"), ca.ExportCertificatePem());
        foreach (var (name, addresses) in names.Directors)
            Sign(ca, name, addresses, ServerAuthentication, folder);
        foreach (var name in names.Agents)
            Sign(ca, name, [], ClientAuthentication, folder);
    }

    private static void Sign(X509Certificate2 ca, string name, List<string> addresses, string use, string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        if (addresses.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var address in addresses)
                names.AddIpAddress(IPAddress.Parse(address));
            request.CertificateExtensions.Add(names.Build());
        }
        using var certificate = request.Create(ca, ca.NotBefore, ca.NotAfter, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, $"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
