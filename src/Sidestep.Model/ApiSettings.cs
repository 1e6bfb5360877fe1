using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>Where agents reach the director, by HTTPS.</summary>
public sealed record ApiSettings
{
    /// <summary>Addresses and ports.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>PEM file: the director's certificate, with those between it and the authority.</summary>
    public required string CertFile { get; init; }

    /// <summary>PEM file: its private key.</summary>
    public required string KeyFile { get; init; }

    /// <summary>PEM file: the authorities that agents' certificates must come from.</summary>
    public required string CaFile { get; init; }

    /// <summary>Two that listen at the same places in the same way are equal.</summary>
    public bool Equals(ApiSettings? other) => other is not null && CertFile == other.CertFile && KeyFile == other.KeyFile
        && CaFile == other.CaFile && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(CertFile, KeyFile, CaFile, Listen.Length);
}

/// <summary>The watch for others that answer for the director's VIPs.</summary>
/// <param name="Defend">Tell the network again who has the VIP.</param>
/// <param name="Drain">Drain a real server that answers for a VIP.</param>
public sealed record ConflictDetectionSettings(bool Defend = true, bool Drain = false);
