using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>Where agents reach the director, by HTTPS.</summary>
public sealed record ApiSettings
{
    /// <summary>Addresses and ports.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>PEM file: the director's certificate, with those between it and the authority.</summary>
    public required string Certificate { get; init; }

    /// <summary>PEM file: its private key.</summary>
    public required string Key { get; init; }

    /// <summary>PEM file: the authorities that agents' certificates must come from.</summary>
    public required string ClientAuthority { get; init; }

    /// <summary>Two that listen at the same places in the same way are equal.</summary>
    public bool Equals(ApiSettings? other) => other is not null && Certificate == other.Certificate && Key == other.Key
        && ClientAuthority == other.ClientAuthority && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Certificate, Key, ClientAuthority, Listen.Length);
}

/// <summary>The watch for others that answer for the director's VIPs.</summary>
/// <param name="Reassert">Tell the network again who has the VIP.</param>
/// <param name="Drain">Drain a real server that answers for a VIP.</param>
public sealed record SentinelSettings(bool Reassert = true, bool Drain = false);
