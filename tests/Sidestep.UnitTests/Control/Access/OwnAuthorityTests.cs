using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Control.Access;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Access;

public sealed class OwnAuthorityTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new() { WallClockStep = DateTime.UtcNow - DateTime.UnixEpoch };
    private readonly OwnAuthority _authority;

    public OwnAuthorityTests() => _authority = new OwnAuthority(_folder.Path("authority"), _time);

    [Fact]
    public void Certificate_of_the_API_is_issued_once_and_again_for_other_names_and_before_it_ends()
    {
        _authority.Ensure(["10.0.0.2", "edge1"]);
        string first = _authority.ReadFingerprint();
        using (var server = Read("api.pem"))
        {
            Assert.True(server.MatchesHostname("10.0.0.2") && server.MatchesHostname("edge1"));
            Assert.False(server.MatchesHostname("10.0.0.3"));
        }
        _authority.Ensure(["10.0.0.2", "edge1"]);
        Assert.Equal(first, _authority.ReadFingerprint());
        _authority.Ensure(["10.0.0.3"]);
        string second = _authority.ReadFingerprint();
        Assert.NotEqual(first, second);
        _time.Advance(TimeSpan.FromDays(59));
        _authority.Ensure(["10.0.0.3"]);
        Assert.Equal(second, _authority.ReadFingerprint());
        _time.Advance(TimeSpan.FromDays(2));
        _authority.Ensure(["10.0.0.3"]);
        Assert.NotEqual(second, _authority.ReadFingerprint());
    }

    [Fact]
    public void Certificate_of_an_agent_is_for_its_server_alone_and_chains_to_the_authority()
    {
        _authority.Ensure(["10.0.0.2"]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The name in the request has no meaning.
        string request = new CertificateRequest("CN=web9,O=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var issued = X509Certificate2.CreateFromPem(_authority.Issue(request, "web1", null));
        Assert.Equal("CN=web1", issued.Subject);
        Assert.Equal(OwnAuthority.AgentValidity, issued.NotAfter - issued.NotBefore);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), issued.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal("1.3.6.1.5.5.7.3.2", issued.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single()
            .EnhancedKeyUsages[0].Value);
        Assert.False(issued.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var root = Read("authority.pem");
        chain.ChainPolicy.CustomTrustStore.Add(root);
        Assert.True(chain.Build(issued), string.Join(' ', chain.ChainStatus.Select(static s => s.StatusInformation)));
    }

    /// <summary>A revocation ends earlier certificates: a later one begins after it, but not in the past.</summary>
    [Theory]
    [InlineData(-40, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public void Certificate_begins_now_or_at_the_end_of_a_revocation(int revokedAfterDays, int beginsAfterDays)
    {
        _authority.Ensure(["10.0.0.2"]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string request = new CertificateRequest("CN=web1", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var now = _time.GetUtcNow();
        using var issued = X509Certificate2.CreateFromPem(
            _authority.Issue(request, "web1", now.AddDays(revokedAfterDays)));
        Assert.InRange(issued.NotBefore.ToUniversalTime() - now.AddDays(beginsAfterDays).UtcDateTime,
            TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Name_of_a_server_cannot_add_attributes()
    {
        _authority.Ensure(["10.0.0.2"]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var issued = X509Certificate2.CreateFromPem(_authority.Issue(request, "web1, CN=web2", null));
        Assert.Equal("web1, CN=web2", issued.SubjectName.EnumerateRelativeDistinguishedNames().Single()
            .GetSingleElementValue());
    }

    [Theory]
    [InlineData("")]
    [InlineData("no request")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    public void Wrong_request_is_an_error(string request)
    {
        _authority.Ensure(["10.0.0.2"]);
        Assert.StartsWith("the certificate request is invalid: ",
            Assert.Throws<AccessException>(() => _authority.Issue(request, "web1", null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Request_with_a_changed_key_is_an_error()
    {
        _authority.Ensure(["10.0.0.2"]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        request[^1] ^= 1;
        Assert.Throws<AccessException>(() => _authority.Issue(
            PemEncoding.WriteString("CERTIFICATE REQUEST", request), "web1", null));
    }

    [Fact]
    public void Files_are_for_the_daemon_alone()
    {
        _authority.Ensure(["10.0.0.2"]);
        if (OperatingSystem.IsWindows())
            return;
        Assert.All(Directory.GetFiles(_folder.Path("authority")), static f =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    public void Dispose() => _folder.Dispose();

    private X509Certificate2 Read(string name) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(_folder.Path("authority/" + name)));
}
