using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>Where operators on other machines reach the API.</summary>
public sealed record ManagementSettings
{
    /// <summary>Addresses and ports on which the director listens.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>Files for HTTPS; null: HTTP, on loopback addresses only.</summary>
    public ServerTlsFiles? Tls { get; init; }

    /// <summary>Compares by value, the endpoints in their order.</summary>
    public bool Equals(ManagementSettings? other) =>
        other is not null && Tls == other.Tls && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tls, Listen.Length);
}

/// <summary>The files of a TLS listener whose clients may have certificates.</summary>
/// <param name="CertFile">Path of a PEM file: the director's certificate and any intermediate certificates.</param>
/// <param name="KeyFile">Path of a PEM file: the private key of the certificate.</param>
/// <param name="CaFile">Path of a PEM file: the certificate authorities that issue the clients' certificates; null:
/// clients have none.</param>
public sealed record ServerTlsFiles(string CertFile, string KeyFile, string? CaFile);
