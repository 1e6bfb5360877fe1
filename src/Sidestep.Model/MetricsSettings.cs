using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>Where the director offers its metrics to Prometheus.</summary>
public sealed record MetricsSettings
{
    /// <summary>Addresses and ports on which the director listens.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }

    /// <summary>Files for HTTPS with client certificates; null: HTTP, on loopback addresses only.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>True: servers have their own series.</summary>
    public bool PerServer { get; init; } = true;

    /// <summary>Compares by value, the endpoints in their order.</summary>
    public bool Equals(MetricsSettings? other) => other is not null && Tls == other.Tls
        && PerServer == other.PerServer && Listen.SequenceEqual(other.Listen);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tls, PerServer, Listen.Length);
}
