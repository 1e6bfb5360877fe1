using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The HTTPS API for agents.</summary>
public sealed record ApiSettings
{
    /// <summary>Addresses and ports on which the director listens for agents.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>The operator's certificates; null: the director has an authority of its own.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>Compares by value, the endpoints in their order.</summary>
    public bool Equals(ApiSettings? other) =>
        other is not null && Tls == other.Tls && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tls, Listen.Length);
}
