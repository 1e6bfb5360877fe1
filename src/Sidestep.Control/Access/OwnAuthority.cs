using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;

namespace Sidestep.Control.Access;

/// <summary>The certificate authority of a director: issues the certificate of its API for agents, and those of agents.
/// Safe for threads.</summary>
/// <param name="folder">Folder of its files, which only the daemon's user can read.</param>
/// <param name="time">The clock of the certificates.</param>
public sealed class OwnAuthority(string folder, TimeProvider time)
{
    /// <summary>How long the certificate of an agent is valid. It is renewed after two thirds.</summary>
    public static readonly TimeSpan AgentValidity = TimeSpan.FromDays(30);

    private const string KeyUsageServer = "1.3.6.1.5.5.7.3.1", KeyUsageClient = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan AuthorityValidity = TimeSpan.FromDays(3650),
        ServerValidity = TimeSpan.FromDays(90);

    /// <summary>The clock of an agent may be behind.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();

    private string AuthorityPath => Path.Combine(folder, "authority.pem");

    private string AuthorityKeyPath => Path.Combine(folder, "authority.key");

    private string ServerPath => Path.Combine(folder, "api.pem");

    private string ServerKeyPath => Path.Combine(folder, "api.key");

    /// <summary>The files of the API's certificate; they exist after <see cref="Ensure"/>.</summary>
    public ServerTlsFiles Files => new(ServerPath, ServerKeyPath, AuthorityPath);

    /// <summary>Makes the authority and the certificate of the API, if they are missing, soon expire, or are for other
    /// names.</summary>
    /// <param name="names">Addresses and host names that agents connect to; at least one.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    /// <exception cref="CryptographicException">A file is damaged.</exception>
    public void Ensure(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        lock (_gate)
        {
            if (!File.Exists(AuthorityPath) || !File.Exists(AuthorityKeyPath))
                CreateAuthority();
            if (!IsCurrent(names))
                IssueServer(names);
        }
    }

    /// <summary>Issues the certificate of an agent.</summary>
    /// <param name="request">The certificate request (PKCS #10) in PEM format; only its key is used.</param>
    /// <param name="server">The name of the real server, which becomes the common name.</param>
    /// <param name="notBefore">The certificate is valid from then on, if that is after now; null: from now on.</param>
    /// <returns>The certificate in PEM format.</returns>
    /// <exception cref="AccessException">The request is not one, or its signature is wrong.</exception>
    /// <exception cref="IOException">The authority cannot be read.</exception>
    public string Issue(string request, string server, DateTimeOffset? notBefore)
    {
        CertificateRequest read;
        try
        {
            read = CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new AccessException($"the certificate request is invalid: {e.Message}", e);
        }
        var now = time.GetUtcNow();
        var from = WholeSecond(notBefore > now ? notBefore.Value : now);
        var issued = new CertificateRequest(NameOf(server), read.PublicKey, HashAlgorithmName.SHA256);
        Add(issued, KeyUsageClient);
        lock (_gate)
        {
            using var authority = ReadAuthority();
            using var certificate = Sign(issued, authority, from, from + AgentValidity);
            return certificate.ExportCertificatePem();
        }
    }

    /// <summary>The certificate of the authority in PEM format.</summary>
    /// <exception cref="IOException">The authority cannot be read.</exception>
    public string ReadPem() => File.ReadAllText(AuthorityPath);

    /// <summary>The SHA-256 of the API's certificate, by which a joining agent recognises the director.</summary>
    /// <exception cref="IOException">The certificate cannot be read.</exception>
    public string ReadFingerprint()
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(ServerPath));
        return certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private static DateTimeOffset WholeSecond(DateTimeOffset t) => DateTimeOffset.FromUnixTimeSeconds(
        t.ToUnixTimeSeconds());

    private bool IsCurrent(IReadOnlyCollection<string> names)
    {
        if (!File.Exists(ServerPath) || !File.Exists(ServerKeyPath))
            return false;
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(ServerPath));
        return certificate.NotAfter.ToUniversalTime() - time.GetUtcNow() > ServerValidity / 3
            && names.All(n => certificate.MatchesHostname(n, allowCommonName: false));
    }

    private void CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(NameOf($"Sidestep director, {Convert.ToHexStringLower(
            RandomNumberGenerator.GetBytes(4))}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockTolerance, now + AuthorityValidity);
        // The key first: a certificate without a key would be an authority that cannot sign.
        Write(AuthorityKeyPath, key.ExportPkcs8PrivateKeyPem());
        Write(AuthorityPath, certificate.ExportCertificatePem());
    }

    private void IssueServer(IReadOnlyCollection<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(NameOf("Sidestep director"), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        Add(request, KeyUsageServer);
        using var authority = ReadAuthority();
        var now = time.GetUtcNow();
        using var certificate = Sign(request, authority, now - ClockTolerance, now + ServerValidity);
        Write(ServerKeyPath, key.ExportPkcs8PrivateKeyPem());
        Write(ServerPath, certificate.ExportCertificatePem());
    }

    private static void Add(CertificateRequest request, string keyUsage)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(keyUsage)], false));
    }

    private static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 authority, DateTimeOffset from,
        DateTimeOffset to)
    {
        using var key = authority.GetECDsaPrivateKey()!;
        // A serial number is positive: its first bit is 0 (RFC 5280 section 4.1.2.2).
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, to, serial);
    }

    private X509Certificate2 ReadAuthority() => X509Certificate2.CreateFromPem(File.ReadAllText(AuthorityPath),
        File.ReadAllText(AuthorityKeyPath));

    private static X500DistinguishedName NameOf(string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        return name.Build();
    }

    private void Write(string path, string pem)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        AtomicFile.Write(path, file => file.Write(System.Text.Encoding.ASCII.GetBytes(pem + "\n")),
            UnixFileMode.UserRead | UnixFileMode.UserWrite, isDurable: true);
    }
}
