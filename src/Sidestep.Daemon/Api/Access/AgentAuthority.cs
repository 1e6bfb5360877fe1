using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using Sidestep.Control.Access;
using Sidestep.Model;

namespace Sidestep.Daemon.Api.Access;

/// <summary>The certificates of the API for agents: those of the operator, or of the director's own
/// authority.</summary>
/// <param name="authority">The director's own authority.</param>
/// <param name="settings">Reads the settings in force; null: there is no API for agents.</param>
/// <param name="time">The clock.</param>
internal sealed class AgentAuthority(OwnAuthority authority, Func<ApiSettings?> settings, TimeProvider time)
{
    /// <summary>How often the certificate is checked while the settings stay the same.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private ApiSettings? _checked;
    private long _checkedAt;

    /// <summary>True if the director issues the certificates.</summary>
    internal bool IsOwn => settings() is { Tls: null };

    /// <summary>The authority of the director.</summary>
    internal OwnAuthority Own => authority;

    /// <summary>Where the API listens, and its certificates; null: it does not.</summary>
    internal ListenerSettings? Listener() => settings() is not { } api ? null : new ListenerSettings(api.Listen,
        new ListenerTls(api.Tls is { } tls ? new ServerTlsFiles(tls.CertFile, tls.KeyFile, tls.CaFile)
            : authority.Files, false));

    /// <summary>Makes or renews the certificate of the director's own authority.</summary>
    /// <exception cref="ApiException">A file cannot be read or written.</exception>
    internal void Prepare()
    {
        if (settings() is not { Tls: null } api)
            return;
        if (api.Equals(_checked) && time.GetElapsedTime(_checkedAt) < CheckInterval)
            return;
        try
        {
            authority.Ensure([.. Hosts(api), Dns.GetHostName()]);
            (_checked, _checkedAt) = (api, time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or NetworkInformationException)
        {
            throw new ApiException($"the director's own authority: {e.Message}", e);
        }
    }

    /// <summary>The URLs of the API.</summary>
    /// <exception cref="NetworkInformationException">The addresses of this machine cannot be read.</exception>
    internal IReadOnlyList<Uri> Urls() => settings() is not { } api ? [] : [.. api.Listen.SelectMany(static e =>
        AddressesOf(e).Select(a => new Uri($"https://{new IPEndPoint(a, e.Port)}")))];

    private static IEnumerable<string> Hosts(ApiSettings api) =>
        api.Listen.SelectMany(AddressesOf).Select(static a => a.ToString()).Distinct();

    /// <summary>The addresses behind 0.0.0.0 and [::] are those of this machine.</summary>
    private static IEnumerable<IPAddress> AddressesOf(IPEndPoint endpoint) =>
        !endpoint.Address.Equals(IPAddress.Any) && !endpoint.Address.Equals(IPAddress.IPv6Any) ? [endpoint.Address]
            : NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(static i => i.GetIPProperties().UnicastAddresses).Select(static a => a.Address)
                .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal
                    && (a.AddressFamily == endpoint.AddressFamily
                        || endpoint.Address.Equals(IPAddress.IPv6Any)));
}
