using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The HTTPS API for agents.</summary>
public sealed record ApiSettings
{
    /// <summary>Addresses and ports on which the director listens for agents.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>Path of a PEM file: the director's certificate and any intermediate certificates.</summary>
    public required string CertFile { get; init; }

    /// <summary>Path of a PEM file: the private key of the certificate.</summary>
    public required string KeyFile { get; init; }

    /// <summary>Path of a PEM file: the certificate authorities that issue the agents' certificates.</summary>
    public required string CaFile { get; init; }

    /// <summary>The three files.</summary>
    public TlsFiles Tls => new(CertFile, KeyFile, CaFile);

    /// <summary>Compares by value, the endpoints in their order.</summary>
    public bool Equals(ApiSettings? other) =>
        other is not null && CertFile == other.CertFile && KeyFile == other.KeyFile
        && CaFile == other.CaFile && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(CertFile, KeyFile, CaFile, Listen.Length);
}
