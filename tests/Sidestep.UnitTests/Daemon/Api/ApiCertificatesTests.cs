using System.Security.Cryptography.X509Certificates;
using Sidestep.Daemon.Api;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api;

public sealed class ApiCertificatesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority = new("director authority");
    private readonly TlsFiles _settings;

    public ApiCertificatesTests()
    {
        var (certificate, key) = _authority.Issue("CN=edge1");
        _settings = new TlsFiles(_folder.Write("cert.pem", certificate), _folder.Write("key.pem", key),
            _folder.Write("ca.pem", _authority.Pem));
    }

    private ApiCertificates Read() => ApiCertificates.Read(
        new ListenerTls(new ServerTlsFiles(_settings.CertFile, _settings.KeyFile, _settings.CaFile), true), "node.api");

    [Fact]
    public void Options_require_client_certificates_of_the_CA_file_only()
    {
        var certificates = Read();
        var options = certificates.Options();
        Assert.True(options.ClientCertificateRequired);
        Assert.Equal("CN=edge1", options.ServerCertificateContext!.TargetCertificate.Subject);
        Assert.True(options.ServerCertificateContext.TargetCertificate.HasPrivateKey);
        var policy = options.CertificateChainPolicy!;
        Assert.Equal(X509ChainTrustMode.CustomRootTrust, policy.TrustMode);
        Assert.Equal(X509RevocationMode.NoCheck, policy.RevocationMode);
        Assert.Equal(["CN=director authority"], policy.CustomTrustStore.Select(static c => c.Subject));
        Assert.NotSame(policy, certificates.Options().CertificateChainPolicy);
    }

    [Fact]
    public void Intermediate_certificates_follow_the_servers()
    {
        using var intermediate = new TestAuthority("intermediate");
        File.AppendAllText(_settings.CertFile, "\n" + intermediate.Pem);
        Assert.Equal("CN=edge1", Read()
            .Options().ServerCertificateContext!.TargetCertificate.Subject);
    }

    [Fact]
    public void Unchanged_files_are_not_read_again()
    {
        var certificates = Read();
        Assert.False(certificates.Refresh());
    }

    [Fact]
    public void Renewed_certificate_is_used_for_the_next_handshake()
    {
        var certificates = Read();
        var (certificate, key) = _authority.Issue("CN=renewed");
        _folder.Replace("cert.pem", certificate);
        _folder.Replace("key.pem", key);
        Assert.True(certificates.Refresh());
        Assert.Equal("CN=renewed", certificates.Options().ServerCertificateContext!.TargetCertificate.Subject);
        Assert.False(certificates.Refresh());
    }

    [Fact]
    public void Change_of_the_CA_file_alone_is_noticed()
    {
        using var other = new TestAuthority("other");
        var certificates = Read();
        _folder.Replace("ca.pem", other.Pem);
        Assert.True(certificates.Refresh());
        Assert.Equal("CN=other", certificates.Options().CertificateChainPolicy!.CustomTrustStore[0].Subject);
    }

    [Fact]
    public void Files_that_cannot_be_read_leave_the_previous_certificates_until_the_next_change()
    {
        var certificates = Read();
        _folder.Replace("cert.pem", "no certificate");
        Assert.Throws<ApiException>(() => certificates.Refresh());
        Assert.Equal("CN=edge1", certificates.Options().ServerCertificateContext!.TargetCertificate.Subject);
        Assert.False(certificates.Refresh());
    }

    [Fact]
    public void Missing_file_is_named_with_its_key()
    {
        File.Delete(_settings.KeyFile);
        var failure = Assert.Throws<ApiException>(() => Read());
        Assert.StartsWith($"node.api.keyFile: {_settings.KeyFile}: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_damaged_certificates_are_told_apart()
    {
        _folder.Replace("ca.pem", "# nothing\n");
        Assert.Equal(
            $"node.api.caFile: {_settings.CaFile}: the file has no certificate in PEM format (-----BEGIN "
                + $"CERTIFICATE-----).",
            Assert.Throws<ApiException>(() => Read()).Message);
        _folder.Replace("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Assert.StartsWith($"node.api.caFile: {_settings.CaFile}: not a certificate in PEM format: ",
            Assert.Throws<ApiException>(() => Read()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Key_of_another_certificate_is_rejected()
    {
        _folder.Replace("key.pem", _authority.Issue("CN=other").Key);
        var message = Assert.Throws<ApiException>(() => Read()).Message;
        Assert.StartsWith($"node.api.keyFile: {_settings.KeyFile}: not the private key of {_settings.CertFile}",
            message, StringComparison.Ordinal);
        Assert.EndsWith("Use the key that was created with this certificate, without a password.", message,
            StringComparison.Ordinal);
        _folder.Replace("key.pem", "no key");
        Assert.Throws<ApiException>(() => Read());
    }

    [Fact]
    public void Expired_certificate_is_rejected()
    {
        var (certificate, key) = _authority.Issue("CN=old", DateTimeOffset.UtcNow.AddDays(-10));
        _folder.Replace("cert.pem", certificate);
        _folder.Replace("key.pem", key);
        var message = Assert.Throws<ApiException>(() => Read()).Message;
        Assert.StartsWith($"node.api.certFile: {_settings.CertFile}: expired on ", message,
            StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }
}
