using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidestep.Agent.Enrolment;

/// <summary>A new key of the agent, which never leaves this host.</summary>
internal sealed class AgentKey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The private key in PEM format.</summary>
    public string Pem => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>A certificate request (PKCS #10) in PEM format. The director chooses the name.</summary>
    public string Request => new CertificateRequest(new X500DistinguishedName("CN=sidestep-agent"), _key,
        HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public void Dispose() => _key.Dispose();
}
