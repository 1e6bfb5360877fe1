namespace Sidestep.Model;

/// <summary>The files of a TLS listener whose clients have certificates.</summary>
/// <param name="CertFile">Path of a PEM file: the director's certificate and any intermediate certificates.</param>
/// <param name="KeyFile">Path of a PEM file: the private key of the certificate.</param>
/// <param name="CaFile">Path of a PEM file: the certificate authorities that issue the clients' certificates.</param>
public sealed record TlsFiles(string CertFile, string KeyFile, string CaFile);
