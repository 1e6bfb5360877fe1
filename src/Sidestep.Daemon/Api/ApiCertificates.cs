using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Api;

/// <summary>The certificates of the agent API, from three PEM files. A change of a file that cannot be read leaves the
/// previous certificates in use.</summary>
internal sealed class ApiCertificates
{
    private readonly ApiSettings _settings;
    private readonly FileIdentity?[] _identities;
    private Loaded _loaded;

    private ApiCertificates(ApiSettings settings, FileIdentity?[] read, Loaded loaded)
    {
        _settings = settings;
        _identities = read;
        _loaded = loaded;
    }

    /// <summary>Options of the next TLS handshake. Each handshake needs an instance of its own, because the server
    /// modifies it.</summary>
    internal SslServerAuthenticationOptions Options()
    {
        var loaded = Volatile.Read(ref _loaded);
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck
        };
        policy.CustomTrustStore.AddRange(loaded.Authorities);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = loaded.Certificate,
            ClientCertificateRequired = true,
            CertificateChainPolicy = policy,
        };
    }

    /// <summary>Reads the certificate, its key and the authorities from the files of the settings.</summary>
    /// <exception cref="ApiException">The message names the file, the fault and the remedy.</exception>
    internal static ApiCertificates Read(ApiSettings settings) => new(settings, Identities(settings), Load(settings));

    /// <summary>Reads the files again if one of them changed since the last attempt.</summary>
    /// <returns>True when the next handshake uses new certificates.</returns>
    /// <exception cref="ApiException">As <see cref="Read"/>; the previous certificates stay in use until the next
    /// change.</exception>
    internal bool Refresh()
    {
        var now = Identities(_settings);
        if (now.SequenceEqual(_identities))
            return false;
        now.CopyTo(_identities, 0);
        Volatile.Write(ref _loaded, Load(_settings));
        return true;
    }

    private static Loaded Load(ApiSettings settings)
    {
        var (certificate, chain) = Certificate(settings);
        return new Loaded(SslStreamCertificateContext.Create(certificate, chain, offline: true),
            Pem("node.api.caFile", settings.CaFile));
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Chain) Certificate(ApiSettings settings)
    {
        var chain = Pem("node.api.certFile", settings.CertFile);
        var certificate = chain[0];
        if (certificate.NotAfter < DateTime.Now)
            throw new ApiException(
                $"node.api.certFile: {settings.CertFile}: expired on {certificate.NotAfter:u}. Renew it.");
        var key = Text("node.api.keyFile", settings.KeyFile);
        try
        {
            using var certificateWithKey = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
            // Through PKCS #12: some versions of the TLS library reject a key that was only ever in memory.
            return (X509CertificateLoader.LoadPkcs12(certificateWithKey.Export(X509ContentType.Pkcs12), null), chain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ApiException(
                $"node.api.keyFile: {settings.KeyFile}: not the private key of {settings.CertFile} in PEM format: "
                + $"{e.Message} Use the key that was created with this certificate, without a password.", e);
        }
    }

    private static X509Certificate2Collection Pem(string key, string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(key, path));
        }
        catch (CryptographicException e)
        {
            throw new ApiException($"{key}: {path}: not a certificate in PEM format: {e.Message}", e);
        }
        return certificates.Count > 0 ? certificates
            : throw new ApiException(
            $"{key}: {path}: the file has no certificate in PEM format (-----BEGIN CERTIFICATE-----).");
    }

    private static string Text(string key, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiException($"{key}: {path}: {e.Message}", e);
        }
    }

    private sealed record Loaded(SslStreamCertificateContext Certificate, X509Certificate2Collection Authorities);

    private static FileIdentity?[] Identities(ApiSettings settings) =>
        [FileIdentity.Of(settings.CertFile), FileIdentity.Of(settings.KeyFile), FileIdentity.Of(settings.CaFile)];
}

/// <summary>The agent API cannot be offered as the configuration says. The message says why and what to do.</summary>
internal sealed class ApiException(string message, Exception? cause = null) : Exception(message, cause);
