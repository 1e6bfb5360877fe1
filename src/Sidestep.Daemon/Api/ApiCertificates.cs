using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Api;

/// <summary>The certificates of a listener, from three PEM files. A change of a file that cannot be read leaves the
/// previous certificates in use.</summary>
internal sealed class ApiCertificates
{
    private readonly ServerTlsFiles _files;
    private readonly bool _requiresClientCertificate;
    private readonly string _place;
    private readonly FileIdentity?[] _identities;
    private Loaded _loaded;

    private ApiCertificates(ListenerTls tls, string place)
    {
        (_files, _requiresClientCertificate, _place) = (tls.Files, tls.RequiresClientCertificate, place);
        _identities = Identities();
        _loaded = Load();
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
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = _files.CaFile is not null,
            RemoteCertificateValidationCallback = _requiresClientCertificate ? null
                : static (_, _, _, errors) => errors is SslPolicyErrors.None
                    or SslPolicyErrors.RemoteCertificateNotAvailable,
            CertificateChainPolicy = policy,
        };
    }

    /// <summary>True if the certificate names this host.</summary>
    /// <param name="host">A name, or an address without brackets.</param>
    internal bool IsFor(string host)
    {
        try
        {
            return Volatile.Read(ref _loaded).Leaf.MatchesHostname(host, allowCommonName: false);
        }
        catch (ArgumentException)
        {
            return false; // not a name
        }
    }

    /// <summary>Reads the certificate, its key and the authorities.</summary>
    /// <param name="tls">The files.</param>
    /// <param name="place">The mapping that names them: <c>node.api</c>.</param>
    /// <exception cref="ApiException">The message names the file, the fault and the remedy.</exception>
    internal static ApiCertificates Read(ListenerTls tls, string place) => new(tls, place);

    /// <summary>Reads the files again if one of them changed since the last attempt.</summary>
    /// <returns>True when the next handshake uses new certificates.</returns>
    /// <exception cref="ApiException">As <see cref="Read"/>; the previous certificates stay in use until the next
    /// change.</exception>
    internal bool Refresh()
    {
        var now = Identities();
        if (now.SequenceEqual(_identities))
            return false;
        now.CopyTo(_identities, 0);
        Volatile.Write(ref _loaded, Load());
        return true;
    }

    private Loaded Load()
    {
        var (certificate, chain) = Certificate();
        return new Loaded(SslStreamCertificateContext.Create(certificate, chain, offline: true),
            certificate, _files.CaFile is { } authorities ? Pem("caFile", authorities) : []);
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Chain) Certificate()
    {
        var chain = Pem("certFile", _files.CertFile);
        var certificate = chain[0];
        if (certificate.NotAfter < DateTime.Now)
            throw new ApiException(
                $"{_place}.certFile: {_files.CertFile}: expired on {certificate.NotAfter:u}. Renew it.");
        var key = Text("keyFile", _files.KeyFile);
        try
        {
            using var certificateWithKey = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
            // Through PKCS #12: some versions of the TLS library reject a key that was only ever in memory.
            return (X509CertificateLoader.LoadPkcs12(certificateWithKey.Export(X509ContentType.Pkcs12), null), chain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ApiException(
                $"{_place}.keyFile: {_files.KeyFile}: not the private key of {_files.CertFile} in PEM format: "
                + $"{e.Message} Use the key that was created with this certificate, without a password.", e);
        }
    }

    private X509Certificate2Collection Pem(string key, string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(key, path));
        }
        catch (CryptographicException e)
        {
            throw new ApiException($"{_place}.{key}: {path}: not a certificate in PEM format: {e.Message}", e);
        }
        return certificates.Count > 0 ? certificates
            : throw new ApiException(
            $"{_place}.{key}: {path}: the file has no certificate in PEM format (-----BEGIN CERTIFICATE-----).");
    }

    private string Text(string key, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiException($"{_place}.{key}: {path}: {e.Message}", e);
        }
    }

    private sealed record Loaded(SslStreamCertificateContext Certificate, X509Certificate2 Leaf,
        X509Certificate2Collection Authorities);

    private FileIdentity?[] Identities() =>
        [FileIdentity.Of(_files.CertFile), FileIdentity.Of(_files.KeyFile),
            _files.CaFile is { } authorities ? FileIdentity.Of(authorities) : null];
}

/// <summary>A listener cannot be offered as the configuration says. The message says why and what to do.</summary>
internal sealed class ApiException(string message, Exception? cause = null) : Exception(message, cause);
