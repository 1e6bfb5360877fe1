using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Where a listener listens, and its certificates.</summary>
/// <param name="Listen">Addresses and ports.</param>
/// <param name="Tls">Files for HTTPS; null: HTTP.</param>
internal sealed record ListenerSettings(ImmutableArray<IPEndPoint> Listen, ListenerTls? Tls)
{
    internal static ListenerSettings? Of(MetricsSettings? metrics) =>
        metrics is null ? null : new(metrics.Listen, metrics.Tls is { } tls ? Of(tls) : null);

    internal static ListenerSettings? Of(ManagementSettings? management) => management is null ? null
        : new(management.Listen, management.Tls is { } tls ? new ListenerTls(tls, false) : null);

    private static ListenerTls Of(TlsFiles files) =>
        new(new ServerTlsFiles(files.CertFile, files.KeyFile, files.CaFile), true);

    public bool Equals(ListenerSettings? other) =>
        other is not null && Tls == other.Tls && Listen.SequenceEqual(other.Listen);

    public override int GetHashCode() => HashCode.Combine(Tls, Listen.Length);

    public override string ToString() => string.Join(", ", Listen);
}

/// <summary>TLS of a listener.</summary>
/// <param name="Files">Its certificates.</param>
/// <param name="RequiresClientCertificate">False: a client without a certificate authenticates by a token.</param>
internal sealed record ListenerTls(ServerTlsFiles Files, bool RequiresClientCertificate);
