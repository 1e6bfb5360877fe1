using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Api.Access;

namespace Sidestep.Agent.Enrolment;

/// <summary>A director that this agent has joined. It renews the agent's certificate after two thirds of its
/// validity.</summary>
internal sealed class RenewingDirector : IDirectorApi
{
    /// <summary>How long a renewal that failed waits for the next attempt.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromHours(1);

    private readonly EnrolmentFolder _folder;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _renewing = new(1);
    private EnrolledDirector _director;
    private DateTimeOffset _due;
    private DirectorClient _client;
    private DirectorClient? _previous;

    /// <param name="director">The director, with the present certificate.</param>
    /// <param name="folder">Stores the next one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives renewals and failures.</param>
    /// <exception cref="CryptographicException">The certificate or its key is damaged.</exception>
    public RenewingDirector(EnrolledDirector director, EnrolmentFolder folder, TimeProvider time, ILogger log)
    {
        (_director, _folder, _time, _log) = (director, folder, time, log);
        (_client, _due) = Connect(director);
    }

    public Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation) =>
        Volatile.Read(ref _client).GetSpecAsync(server, after, cancellation);

    public async Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation)
    {
        await RenewIfDueAsync(cancellation).ConfigureAwait(false);
        return await Volatile.Read(ref _client).ReportAsync(server, report, cancellation).ConfigureAwait(false);
    }

    public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation) =>
        Volatile.Read(ref _client).DrainAsync(server, request, cancellation);

    public void Dispose()
    {
        _client.Dispose();
        _previous?.Dispose();
        _renewing.Dispose();
    }

    private async Task RenewIfDueAsync(CancellationToken cancellation)
    {
        if (_time.GetUtcNow() < _due || !await _renewing.WaitAsync(TimeSpan.Zero, cancellation).ConfigureAwait(false))
            return;
        try
        {
            using var key = new AgentKey();
            var issued = await _client.RenewAsync(_director.Server, new CertificateOrder(key.Request), cancellation)
                .ConfigureAwait(false);
            var next = _director with
            {
                Certificate = issued.Certificate,
                Key = key.Pem,
                Authorities = issued.Authorities,
            };
            var (client, due) = Connect(next);
            _folder.Write(next);
            // Requests may still be running on the client before the previous one only.
            _previous?.Dispose();
            _previous = _client;
            Volatile.Write(ref _client, client);
            (_director, _due) = (next, due);
            _log.CertificateRenewed(_director.Url.Authority);
        }
        catch (Exception e) when (e is DirectorException or IOException or UnauthorizedAccessException
            or CryptographicException)
        {
            _due = _time.GetUtcNow() + RetryInterval;
            _log.CertificateNotRenewed(_director.Url.Authority, e.Message);
        }
        finally
        {
            _renewing.Release();
        }
    }

    private static (DirectorClient Client, DateTimeOffset Due) Connect(EnrolledDirector director)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPem(director.Authorities);
        var certificate = X509Certificate2.CreateFromPem(director.Certificate, director.Key);
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return (DirectorClient.Remote(director.Url, certificate, authorities), from + ((to - from) * 2 / 3));
    }
}
