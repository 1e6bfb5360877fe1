using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Where a listener listens, and its certificates.</summary>
/// <param name="Listen">Addresses and ports.</param>
/// <param name="Tls">Files for HTTPS with client certificates; null: HTTP.</param>
internal sealed record ListenerSettings(ImmutableArray<IPEndPoint> Listen, TlsFiles? Tls)
{
    internal static ListenerSettings? Of(ApiSettings? api) => api is null ? null : new(api.Listen, api.Tls);

    internal static ListenerSettings? Of(MetricsSettings? metrics) =>
        metrics is null ? null : new(metrics.Listen, metrics.Tls);

    public bool Equals(ListenerSettings? other) =>
        other is not null && Tls == other.Tls && Listen.SequenceEqual(other.Listen);

    public override int GetHashCode() => HashCode.Combine(Tls, Listen.Length);

    public override string ToString() => string.Join(", ", Listen);
}
