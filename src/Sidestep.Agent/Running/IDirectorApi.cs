using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The API of one director, as the agent uses it. A director that cannot be reached, or that rejects the
/// request, is a <see cref="DirectorException"/>.</summary>
internal interface IDirectorApi : IDisposable
{
    /// <summary>Waits for a spec with another revision than <paramref name="after"/>; null: there was none within the
    /// longest poll.</summary>
    Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation);

    Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation);

    Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation);
}

/// <summary>A director on the network, by HTTPS.</summary>
internal sealed class RemoteDirector(DirectorClient client) : IDirectorApi
{
    public Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation) =>
        client.GetSpecAsync(server, after, cancellation);

    public Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation) =>
        client.ReportAsync(server, report, cancellation);

    public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation) =>
        client.DrainAsync(server, request, cancellation);

    public void Dispose() => client.Dispose();
}
